import Compute
import Files
import Models

/// A safetensors file that is open for reading. The header has been read, and checked as a stranger's: whatever it says, no more
/// memory is taken than the file has bytes.
package struct SafetensorsFile: Sendable {
  private let file: InputFile
  private let header: SafetensorsHeader
  /// Where the tensors begin.
  private let start: Int

  package init(_ file: InputFile) throws {
    self.file = file
    let size = file.byteCount
    do {
      let length = try SafetensorsHeader.length(
        file.bytes(in: 0..<min(SafetensorsHeader.lengthBytes, size)), fileSize: size)
      start = SafetensorsHeader.lengthBytes + length
      header = try SafetensorsHeader(
        file.bytes(in: SafetensorsHeader.lengthBytes..<start), dataSize: size - start)
    } catch let error as Malformation {
      throw ExportError.malformed(file: file.path, format: Safetensors().name, reason: error.reason)
    }
  }

  package var metadata: [String: String] { header.metadata }

  /// The model of a file that `Safetensors` has written, or a program that knows what `ModelMetadata` says. Tensors that
  /// it has no use for don't matter.
  package func model(kernels: Kernels) throws -> ExportedModel {
    let description = try ModelMetadata.read(metadata, file: file.path)
    let layout = ParameterLayout(description.shape)
    for parameter in layout.parameters {
      let tensor = header.tensors[parameter.name]
      guard tensor?.shape == parameter.shape, tensor?.dtype == SafetensorsHeader.floats else {
        throw ExportError.notModel(
          file: file.path, expected: "\(parameter.name) \(parameter.shape) of \(SafetensorsHeader.floats)",
          found: tensor.map { "\($0.shape) of \($0.dtype)" } ?? "none")
      }
    }
    let parameters = Parameters(description.shape, kernels: kernels)
    for parameter in layout.parameters { try read(parameter, into: parameters) }
    parameters.renewTransposedCopies()
    return description.model(with: parameters)
  }

  /// Row by row, in pieces of about a mebibyte.
  private func read(_ parameter: Parameter, into parameters: Parameters) throws {
    guard let tensor = header.tensors[parameter.name] else { return }
    let rowBytes = parameter.elementCount / parameter.shape[0] * MemoryLayout<Float>.stride
    let step = max(1, (1 << 20) / rowBytes)
    for first in stride(from: 0, to: parameter.shape[0], by: step) {
      let rows = first..<min(first + step, parameter.shape[0])
      let begin = start + tensor.dataOffsets[0] + first * rowBytes
      let bytes = try file.bytes(in: begin..<begin + rows.count * rowBytes)
      guard bytes.count == rows.count * rowBytes else {
        throw ExportError.malformed(
          file: file.path, format: Safetensors().name, reason: "it has become shorter while it was read")
      }
      let elements = bytes.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: MemoryLayout<Float>.stride).map { offset in
          Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        }
      }
      parameters.layout.setElements(of: parameter, outputs: rows, in: parameters.values, to: elements)
    }
  }
}

import Models

/// ONNX (https://onnx.ai): the model as a graph of operators that a runtime such as onnxruntime runs, with `ModelMetadata` and
/// a description of its inputs and outputs in its `metadata_props`.
///
/// The few messages of the format are written field by field by `ProtobufMessage`. SwiftProtobuf would bring readers and
/// reflection that nothing here uses, and 51 seconds to every build.
package struct ONNX: ModelFormat {
  package init() {}

  package var name: String { "onnx" }
  package var fileEnding: String { "onnx" }

  /// The first field, `ir_version`.
  package func recognizes(_ start: [UInt8]) -> Bool {
    start.starts(with: [0x08, UInt8(ONNXGraph.irVersion)])
  }

  package func parts(of model: ExportedModel) throws -> [FilePart] {
    var network = ONNXNetwork(model)
    try network.build()
    let parts = network.graph.parts(
      metadata: try ModelMetadata.entries(of: model) + [("inputs_and_outputs", network.graph.interface)])
    let size = parts.reduce(0) { $0 + $1.byteCount }
    guard size <= Int(Int32.max) else {
      throw ExportError.unsayable(format: name, what: "\(size) bytes; a message has at most \(Int32.max)")
    }
    return parts
  }
}

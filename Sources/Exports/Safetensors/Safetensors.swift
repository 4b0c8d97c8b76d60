/// safetensors, the format of Hugging Face: the parameters under the names and in the shapes of the checkpoint, and beside them
/// `ModelMetadata`, all that is needed to use the model without its checkpoint. `SafetensorsFile` reads it.
package struct Safetensors: ModelFormat {
  package init() {}

  package var name: String { "safetensors" }
  package var fileEnding: String { "safetensors" }

  /// A number that no text begins with, and an object in JSON.
  package func recognizes(_ start: [UInt8]) -> Bool {
    start.count > 8 && start[4..<8].allSatisfy { $0 == 0 } && start[8] == UInt8(ascii: "{")
  }

  package func parts(of model: ExportedModel) throws -> [FilePart] {
    var header = SafetensorsHeader()
    header.metadata = Dictionary(uniqueKeysWithValues: try ModelMetadata.entries(of: model).map { ($0.name, $0.text) })
    var offset = 0
    var weights: [FilePart] = []
    for parameter in model.layout.parameters {
      let part = FilePart.weights(WeightRows(of: parameter, in: model.model.parameters))
      header.tensors[parameter.name] = SafetensorsHeader.Tensor(
        dtype: SafetensorsHeader.floats, shape: parameter.shape, dataOffsets: [offset, offset + part.byteCount])
      offset += part.byteCount
      weights.append(part)
    }
    let bytes = try header.bytes()
    guard bytes.count - SafetensorsHeader.lengthBytes <= SafetensorsHeader.longest else {
      throw ExportError.unsayable(
        format: name,
        what: "a vocabulary and configuration of \(bytes.count) bytes; at most \(SafetensorsHeader.longest) fit")
    }
    return [.bytes(bytes)] + weights
  }
}

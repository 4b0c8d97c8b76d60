import Files

/// A format that models are exported in. One is a file with a type that conforms, and an entry in `ModelFormats.all`.
package protocol ModelFormat: Sendable {
  /// What `--format` calls it.
  var name: String { get }
  /// What its files' names end in, without the dot.
  var fileEnding: String { get }

  /// Whether a file may be one of this format, by its first bytes: 16, or all that it has.
  func recognizes(_ start: [UInt8]) -> Bool
  /// The parts of a file, one behind the other. Cost: O(vocabulary); weights are asked for as they are written.
  ///
  /// - Throws: `ExportError.unsayable` if the format can't say what the model is.
  func parts(of model: ExportedModel) throws -> [FilePart]
}

package enum ModelFormats {
  package static let all: [any ModelFormat] = [ONNX(), Safetensors(), PyTorchArchive()]
}

extension ModelFormat {
  /// Writes a model to a file, which is there whole or not at all, and stays after a power cut.
  ///
  /// - Throws: `ExportError.unsayable` for a model with several output layers, or with other models that read for it, which no
  ///   format has a place for.
  ///   `ExportError.occupied` where a file of another kind would be lost: a slip of the hand must not cost a corpus or a
  ///   checkpoint.
  package func write(_ model: ExportedModel, to path: String) throws {
    guard model.shape.furtherClasses.isEmpty else {
      throw ExportError.unsayable(
        format: name, what: "a tagger of several columns; train one with a single column in data.tags to export it")
    }
    guard model.shape.features == 0, model.shape.readers.isEmpty else {
      throw ExportError.unsayable(
        format: name, what: "a tagger whose words are read by character models (model.character_model)")
    }
    if let old = try InputFile.ifThere(path), try !recognizes(old.bytes(in: 0..<min(16, old.byteCount))) {
      throw ExportError.occupied(file: path, format: name)
    }
    let parts = try parts(of: model)
    try DurableFile.write(to: path) { write throws(FileError) in
      for part in parts { try part.forEachPiece(write) }
    }
  }
}

import Compute
import Exports
import Files
import Inference

/// Why a model can't be loaded or used. `description` is a line for people: it names the file, what was expected and what was
/// found.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a program may want to tell apart. There may be more of them some day.
  public struct Kind: Sendable, Equatable {
    private let name: String

    /// There is no such file, or the system doesn't let it be read.
    public static let unreadableFile = Kind(name: "unreadableFile")
    /// The file is none that `rnn-train export --format safetensors` has written, or it is damaged.
    public static let notModel = Kind(name: "notModel")
    /// The model does something else: a tagger writes no text, a language model doesn't tag.
    public static let otherTask = Kind(name: "otherTask")
    /// An argument that makes no sense, or a text with a token that the model has no id for.
    public static let invalidInput = Kind(name: "invalidInput")
  }

  public let kind: Kind
  public let description: String

  init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}

extension TrainedModel {
  /// Reads a model from a file that `rnn-train export --format safetensors` has written.
  init(contentsOf path: String) throws(ModelError) {
    do {
      self = try SafetensorsFile(InputFile(path)).model(kernels: Kernels.available[0]).model
    } catch {
      throw ModelError(error is FileError ? .unreadableFile : .notModel, "\(error)")
    }
  }
}

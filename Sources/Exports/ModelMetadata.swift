import Compute
import Datasets
import Foundation
import Inference
import Models

/// All of a model but its weights, as the formats keep it: texts by names.
///
///     format             pt: tensors have the names and shapes of PyTorch's modules
///     producer           rnn-train and its version
///     task               language-model or tagging
///     config             the run's configuration, YAML
///     checkpoint_sha256  of the checkpoint's file
///     model.…            the sizes of the network, a text for each key of the configuration's `model` that it depends on
///     cluster_starts     of an output layer in two steps: the first token of each cluster, a list in JSON
///     tokenization       word, whitespace, character, grapheme or bpe
///     tokenizer          of bpe only: the text of a tokenizer.json
///     tokens             the vocabulary by id, a list in JSON
///     direction          backward: of a language model that reads from right to left only
///     lowercase          true: of a tagger that looks words up in lower case only; characters are read as they are written
///     tags, tag_column, characters, training_words       of a tagger only: lists in JSON, and CoNLL-U's column
package enum ModelMetadata {
  private enum Key {
    static let format = "format"
    static let producer = "producer"
    static let task = "task"
    static let configuration = "config"
    static let checkpoint = "checkpoint_sha256"
    static let model = "model"
    static let clusterStarts = "cluster_starts"
    static let tokenization = "tokenization"
    static let tokenizer = "tokenizer"
    static let tokens = "tokens"
    static let direction = "direction"
    static let lowercase = "lowercase"
    static let tags = "tags"
    static let tagColumn = "tag_column"
    static let characters = "characters"
    static let trainingWords = "training_words"
  }

  // MARK: writing

  /// Names and texts, in the order in which people read them.
  static func entries(of exported: ExportedModel) throws -> [(name: String, text: String)] {
    let (model, origin) = (exported.model, exported.origin)
    var entries = [
      (Key.format, "pt"), (Key.producer, origin.producer), (Key.task, origin.task),
      (Key.configuration, origin.configuration), (Key.checkpoint, origin.checkpointSHA256),
    ]
    entries += ShapeKeys.entries(of: exported.shape).map { ("\(Key.model).\($0)", $1) }
    // For other programs: it follows from the sizes.
    if let clusters = exported.shape.output.clusters(of: exported.shape)?.clusters {
      entries.append((Key.clusterStarts, try list(clusters.map(\.tokens.lowerBound))))
    }
    entries += [(Key.tokenization, model.tokenization.kind.rawValue), (Key.tokens, try list(model.vocabulary.tokens))]
    if let tokenizer = model.tokenization.subwords { entries.append((Key.tokenizer, tokenizer.json)) }
    if model.direction != .forward { entries.append((Key.direction, model.direction.rawValue)) }
    if model.vocabulary.isLowercase { entries.append((Key.lowercase, "true")) }
    if let tagging = model.tagging {
      entries += [
        (Key.tags, try list(tagging.columns[0].tags)), (Key.tagColumn, tagging.columns[0].column.rawValue),
        (Key.characters, try list(tagging.characters.tokens)),
        (Key.trainingWords, try list(tagging.trainingWords.tokens)),
      ]
    }
    return entries
  }

  private static func list(_ items: [some Encodable]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(items), as: UTF8.self)
  }

  // MARK: reading

  /// What a file's metadata describes, whose weights are all zero still. Every size has been compared with the vocabulary;
  /// nothing of the weights' size has been allocated.
  ///
  /// - Parameter file: what errors call the file.
  static func read(_ texts: [String: String], file: String) throws(ExportError) -> Description {
    let reader = Reader(texts: texts, file: file)
    let isLowercase = try reader.isLowercase
    let vocabulary = Vocabulary(tokens: try reader.list(Key.tokens), isLowercase: isLowercase)
    guard vocabulary.count > 0 else { throw reader.refusal("a vocabulary", "an empty one") }
    let tokenization = try reader.tokenization
    var tagging: TaggingVocabulary?
    if texts[Key.tags] != nil {
      guard let column = TagColumn(rawValue: try reader.text(Key.tagColumn)) else {
        throw reader.refusal("\(Key.tagColumn) UPOS, XPOS or FEATS", try reader.text(Key.tagColumn))
      }
      let found = TaggingVocabulary(
        columns: [TagSet(column, try reader.list(Key.tags))],
        characters: Vocabulary(tokens: try reader.list(Key.characters)),
        trainingWords: TokenTable(try reader.list(Key.trainingWords)))
      if let flaw = found.flaw(beside: vocabulary) { throw reader.refusal("a tagger's vocabulary", flaw) }
      tagging = found
    }
    if isLowercase {
      if tagging == nil { throw reader.refusal("\(Key.lowercase) of a tagger only", "it of a language model") }
      if let token = Vocabulary.casedToken(in: vocabulary.tokens) {
        throw reader.refusal("\(Key.tokens) in lower case, as \(Key.lowercase) says", "\"\(token)\"")
      }
    }
    let direction = texts[Key.direction] ?? ReadingDirection.forward.rawValue
    guard let direction = ReadingDirection(rawValue: direction) else {
      throw reader.refusal("a direction, forward or backward", direction)
    }
    let prefix = Key.model + "."
    let keys = texts.filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) }
    let shape: ModelShape
    do {
      shape = try ShapeKeys.shape(of: keys, vocabulary: vocabulary, tagging: tagging)
    } catch {
      throw reader.refusal("metadata of a model", error.description)
    }
    return Description(
      shape: shape, vocabulary: vocabulary, tokenization: tokenization, tagging: tagging,
      direction: direction,
      origin: ModelOrigin(
        task: try reader.text(Key.task), configuration: try reader.text(Key.configuration),
        checkpointSHA256: try reader.text(Key.checkpoint), producer: try reader.text(Key.producer)))
  }

  /// A model without its weights.
  struct Description {
    let shape: ModelShape
    let vocabulary: Vocabulary
    let tokenization: Tokenization
    let tagging: TaggingVocabulary?
    let direction: ReadingDirection
    let origin: ModelOrigin

    func model(with parameters: Parameters) -> ExportedModel {
      ExportedModel(
        TrainedModel(
          parameters, vocabulary: vocabulary, tokenization: tokenization, tagging: tagging, direction: direction),
        from: origin)
    }
  }

  private struct Reader {
    let texts: [String: String]
    let file: String

    func text(_ name: String) throws(ExportError) -> String {
      guard let text = texts[name] else { throw refusal("\(name) in its metadata", "none") }
      return text
    }

    var tokenization: Tokenization {
      get throws(ExportError) {
        let name = try text(Key.tokenization)
        guard let kind = TokenKind(rawValue: name) else { throw refusal("a tokenization of rnn-train", name) }
        if let tokenization = Tokenization(kind) { return tokenization }
        do throws(TokenizerProblem) {
          return .bpe(try BytePairTokenizer(json: texts[Key.tokenizer] ?? ""))
        } catch {
          throw refusal("\(Key.tokenizer), the text of a tokenizer.json", error.description)
        }
      }
    }

    var isLowercase: Bool {
      get throws(ExportError) {
        switch texts[Key.lowercase] {
        case nil: false
        case "true": true
        case let text?: throw refusal("\(Key.lowercase), if it is there, to be true", text)
        }
      }
    }

    /// Different texts.
    func list(_ name: String) throws(ExportError) -> [String] {
      let list: [String]
      do {
        list = try JSONDecoder().decode([String].self, from: Data(text(name).utf8))
      } catch let error as ExportError {
        throw error
      } catch {
        throw refusal("\(name), a list of texts", "something else")
      }
      if let repeated = Vocabulary.repeatedToken(in: list) { throw refusal("\(name), each once", "\(repeated) twice") }
      return list
    }

    func refusal(_ expected: String, _ found: String) -> ExportError {
      .notModel(file: file, expected: expected, found: found)
    }
  }
}

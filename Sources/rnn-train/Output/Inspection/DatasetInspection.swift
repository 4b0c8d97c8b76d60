import DatasetFiles
import Datasets
import Presentation

/// A dataset as `inspect` shows it.
struct DatasetInspection: Encodable, CustomStringConvertible {
  private struct SplitEntry: Encodable {
    let split: String
    let sentences: Int
    let tokens: Int
    let characters: Int
    let sourceSha256: String
  }

  private let format = DatasetFile.format
  private let createdBy: String
  private let tokenization: String
  private let vocabulary: Int
  /// Nil for words that are looked up as they are written.
  private let lowercase: Bool?
  private let tags: [String]?
  /// By column, where there are several.
  private let tagColumns: [String: [String]]?
  private let splits: [SplitEntry]
  /// For people.
  private let columns: [TagSet]

  private enum CodingKeys: CodingKey {
    case format, createdBy, tokenization, vocabulary, lowercase, tags, tagColumns, splits
  }

  init(_ summary: DatasetSummary) {
    createdBy = summary.createdBy
    tokenization = summary.tokenization.rawValue
    vocabulary = summary.vocabularySize
    lowercase = summary.isLowercase ? true : nil
    columns = summary.tags
    (tags, tagColumns) = columns.inspected
    splits = summary.splits.map {
      SplitEntry(
        split: $0.split.rawValue, sentences: $0.sentences, tokens: $0.tokens, characters: $0.characters,
        sourceSha256: $0.sourceSHA256)
    }
  }

  var description: String {
    var facts = [
      ("format", format), ("created by", createdBy), ("tokens are", tokenization),
      ("vocabulary", Format.vocabulary(vocabulary, isLowercase: lowercase == true)),
    ]
    facts += columns.facts
    let table = Table(
      ["split", "sentences", "tokens", "characters"],
      splits.map { [$0.split, Format.count($0.sentences), Format.count($0.tokens), Format.count($0.characters)] })
    return "\(Format.facts(facts))\n\n\(table)"
  }
}

extension [TagSet] {
  /// What `inspect --json` has of them: a list of tags; of several columns, by their names.
  var inspected: (tags: [String]?, columns: [String: [String]]?) {
    if count < 2 { return (first?.tags, nil) }
    return (nil, Dictionary(uniqueKeysWithValues: map { ($0.column.rawValue, $0.tags) }))
  }

  /// A line for each, with some of them where there are many.
  var facts: [(String, String)] {
    map { set in
      let name = count == 1 ? "tags" : "tags in \(set.column.rawValue)"
      let shown = set.tags.prefix(50).joined(separator: ", ")
      return (
        name, "\(Format.count(set.tags.count)): \(shown)\(set.tags.count > 50 ? ", and others (--json has all)" : "")"
      )
    }
  }
}

extension Format {
  /// How many tokens there are, and that words are looked up in lower case where they are.
  static func vocabulary(_ tokens: Int, isLowercase: Bool) -> String {
    count(tokens) + (isLowercase ? ", words in lower case" : "")
  }
}

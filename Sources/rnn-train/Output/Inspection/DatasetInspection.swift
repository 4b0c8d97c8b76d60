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
  private let tags: [String]?
  private let splits: [SplitEntry]

  init(_ summary: DatasetSummary) {
    createdBy = summary.createdBy
    tokenization = summary.tokenization.rawValue
    vocabulary = summary.vocabularySize
    tags = summary.tags
    splits = summary.splits.map {
      SplitEntry(
        split: $0.split.rawValue, sentences: $0.sentences, tokens: $0.tokens, characters: $0.characters,
        sourceSha256: $0.sourceSHA256)
    }
  }

  var description: String {
    var facts = [
      ("format", format), ("created by", createdBy), ("tokens are", tokenization),
      ("vocabulary", Format.count(vocabulary)),
    ]
    if let tags { facts.append(("tags", "\(Format.count(tags.count)): \(tags.joined(separator: ", "))")) }
    let table = Table(
      ["split", "sentences", "tokens", "characters"],
      splits.map { [$0.split, Format.count($0.sentences), Format.count($0.tokens), Format.count($0.characters)] })
    return "\(Format.facts(facts))\n\n\(table)"
  }
}

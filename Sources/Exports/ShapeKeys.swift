import Datasets
import Keys
import Models

/// The sizes of a model as texts by dotted keys, the same as below `model` in a configuration: `cell` is `lstm`,
/// `output.kind` is `adaptive`, `output.cutoffs` is `[1000, 5000]`.
///
/// What the vocabulary decides isn't among them.
enum ShapeKeys {
  static func entries(of shape: ModelShape) -> [(key: String, text: String)] {
    entries(of: KeyWriter.tree(of: Section(shape: shape)), key: "")
  }

  private static func entries(of tree: ValueTree, key: String) -> [(key: String, text: String)] {
    switch tree.content {
    case .scalar(let text, _): [(key, text)]
    case .list(let items): [(key, "[" + items.compactMap(\.text).joined(separator: ", ") + "]")]
    case .mapping(let entries):
      entries.flatMap { self.entries(of: $0.value, key: key.isEmpty ? $0.key : "\(key).\($0.key)") }
    }
  }

  /// - Throws: what is wrong with it, by its key.
  static func shape(
    of entries: [(key: String, text: String)], vocabulary: Vocabulary, tagging: TaggingVocabulary?
  ) throws(ShapeError) -> ModelShape {
    var section = Section(
      shape: ModelShape(
        vocabulary: vocabulary.count, embedding: 0, cell: CellKey.alternatives[0].wrappedValue, hidden: 0, layers: 0,
        classes: tagging?.columns[0].tags.count ?? vocabulary.count))
    let reading = Reading(catalogue: [], problems: []) { path, _, _ in (path, nil) }
    KeyReader.read(&section, from: tree(of: entries[...].sorted { $0.key < $1.key }), path: "", reading: reading)
    if let problem = reading.problems.first { throw ShapeError(key: problem.key, reason: problem.message) }
    section.shape.characters?.vocabulary = tagging?.characters.count ?? 0
    if let objection = section.objections(isTagger: tagging != nil).first {
      throw ShapeError(key: objection.key, reason: objection.reason)
    }
    return section.shape
  }

  /// Mappings of entries whose keys begin alike. What stands below another entry's text, or deeper than any key, gets a key
  /// that nobody knows.
  private static func tree(of entries: [(key: String, text: String)], depth: Int = 3) -> ValueTree {
    var mapping: [ValueTree.Entry] = []
    for (head, group) in Dictionary(grouping: entries, by: { depth == 0 ? $0.key[...] : $0.key.prefix { $0 != "." } }) {
      let texts = group.filter { $0.key.count == head.count }
      let below = group.filter { $0.key.count > head.count }.map {
        (key: String($0.key.dropFirst(head.count + 1)), text: $0.text)
      }
      mapping += texts.map { ValueTree.Entry(key: String(head), value: value(of: $0.text)) }
      if !below.isEmpty {
        mapping.append(
          ValueTree.Entry(key: texts.isEmpty ? String(head) : "\(head).", value: tree(of: below, depth: depth - 1)))
      }
    }
    return ValueTree(.mapping(mapping))
  }

  private static func value(of text: String) -> ValueTree {
    guard text.hasPrefix("["), text.hasSuffix("]") else { return .plain(text) }
    let items = text.dropFirst().dropLast().split(separator: ",").map { item in
      ValueTree.plain(String(item.drop { $0 == " " }))
    }
    return ValueTree(.list(items))
  }
}

struct ShapeError: Error, CustomStringConvertible {
  let key: String
  let reason: String

  var description: String { "model\(key.isEmpty ? "" : ".\(key)"): \(reason)" }
}

/// The keys of a shape, with the ranges that a configuration has.
private struct Section: KeySection {
  /// Its units are those of `hidden` and `layers`.
  var shape: ModelShape
  var hidden: HiddenUnits
  var layers: Int

  init(shape: ModelShape) {
    self.shape = shape
    (hidden, layers) = (HiddenUnits(shape.units), shape.layers)
  }

  mutating func visitKeys(_ keys: inout some KeyVisitor) {
    var cell = CellKey(wrappedValue: shape.cell)
    var output = OutputKey(wrappedValue: shape.output)
    keys.value("embedding", &shape.embedding, .whole(1...65_536), "width of a token's embedding")
    keys.variant(&cell)
    HiddenUnits.visitKeys(&hidden, layers: &layers, &keys)
    keys.value("bidirectional", &shape.isBidirectional, .flag, "whether they read backwards too")
    keys.value("residual", &shape.isResidual, .flag, "whether a layer's input is added to its output")
    keys.section("output", &output, "the output layer")
    keys.value("tie_embeddings", &shape.tiesEmbeddings, .flag, "whether it shares the embedding's weights")
    keys.optionalSection(
      "characters", &shape.characters, defaults: ModelShape.Characters(vocabulary: 0, embedding: 0, hidden: 0),
      "the character encoder")
    shape.cell = cell.wrappedValue
    shape.units = hidden.counts(layers: layers)
    shape.output = output.wrappedValue
  }

  /// What a network can't be, though every single value is right; what is absent is 0.
  func objections(isTagger: Bool) -> [Objection] {
    var objections = shape.output.objections(classes: shape.classes).map { $0.below("output") }
    func require(_ holds: Bool, _ key: String, _ reason: String) {
      if !holds { objections.append(Objection(key: key, reason: reason)) }
    }
    require(shape.embedding > 0, "embedding", "missing")
    require(hidden != 0, "hidden", "missing")
    require(layers > 0, "layers", "missing")
    require(shape.layers == layers, "layers", "is \(layers), and hidden has a number for each of \(shape.layers)")
    if let characters = shape.characters {
      require(isTagger, "characters", "is for taggers")
      require(characters.embedding > 0 && characters.hidden > 0, "characters", "needs embedding and hidden")
    }
    require(isTagger || !shape.isBidirectional, "bidirectional", "is for taggers")
    require(isTagger || shape.output.suitsText, "output.kind", "\(shape.output.name) is for taggers")
    require(!isTagger || shape.output.suitsTags, "output.kind", "\(shape.output.name) is not for taggers")
    if shape.tiesEmbeddings {
      require(
        !isTagger && shape.output.canTieEmbeddings && shape.embedding == shape.outputWidths.total, "tie_embeddings",
        "needs an output layer over the vocabulary with one weight, and an embedding as wide as the last layer")
    }
    return objections
  }
}

extension ModelShape.Characters: KeySection {
  package mutating func visitKeys(_ keys: inout some KeyVisitor) {
    keys.value("embedding", &embedding, .whole(1...65_536), "width of a character's embedding")
    keys.value("hidden", &hidden, .whole(1...65_536), "width of the encoder's hidden state in each direction")
  }
}

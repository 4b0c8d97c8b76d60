/// The notation that grammars are written in, read into plain weighted rules.
///
/// A table has four kinds of line; `#` begins a comment.
///
///     number = singular*2 plural           a feature, its values and their weights (1 if not given)
///     clause.<tense>:                      a symbol, one copy of it for each value of the feature
///       3  subject.<number> verb.<number>  an alternative: its weight, then symbols and words
///       1  it/PRON rains/VERB              a word is written word/TAG
///     pet: NOUN dog cat mouse/mice         a list of words, the most frequent first
///
/// A feature that occurs in the symbol's name has the same value throughout the rule. A feature that occurs in the
/// alternative alone takes every value, and these share the weight in proportion to theirs. Lines about one symbol
/// may stand apart; their alternatives add up.
///
/// In a list, the word at index i weighs 1/(i + 3), much as the law of Zipf and Mandelbrot has it. Nouns and verbs are
/// inflected (see `Inflection`): the list `pet: NOUN` defines `pet.singular` and `pet.plural`, and a list of verbs its
/// five forms.
struct RuleTable {
  enum Item {
    case symbol(String)
    case terminal(TaggedWord)
  }

  struct Rule {
    let weight: Double
    let items: [Item]
  }

  private typealias FeatureValue = (name: String, weight: Double)
  private typealias Assignment = (values: [String: String], weight: Double)

  /// By symbol.
  private(set) var rules: [String: [Rule]] = [:]
  private var features: [String: [FeatureValue]] = [:]

  init(_ text: String) throws(GrammarError) {
    var current: String?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let code = line.prefix { $0 != "#" }
      let fields = code.split(separator: " ").map(String.init)
      guard let first = fields.first else { continue }
      let number = index + 1
      if code.first == " " {
        guard let weight = Double(first), weight > 0, weight.isFinite, fields.count > 1, let symbol = current else {
          throw .malformedLine(number, String(line))
        }
        try addAlternative(of: symbol, weight: weight, items: Array(fields.dropFirst()), line: number)
      } else if fields.count > 2, fields[1] == "=" {
        features[first] = try fields.dropFirst(2).map { (field) throws(GrammarError) in
          guard let value = Self.featureValue(field) else { throw .malformedLine(number, String(line)) }
          return value
        }
      } else if first.last == ":", fields.count != 2 {
        current = String(first.dropLast())
        if fields.count > 2 {
          addWords(Array(fields.dropFirst(2)), tag: fields[1], symbol: String(first.dropLast()))
        }
      } else {
        throw .malformedLine(number, String(line))
      }
    }
  }

  /// Reads `plural` or `plural*2`.
  private static func featureValue(_ field: String) -> FeatureValue? {
    let parts = field.split(separator: "*")
    guard let name = parts.first, parts.count <= 2 else { return nil }
    guard parts.count == 2 else { return (String(name), 1) }
    guard let weight = Double(parts[1]), weight > 0, weight.isFinite else { return nil }
    return (String(name), weight)
  }

  /// Adds every copy of `symbol` that its features ask for, and every variant of the alternative in each.
  private mutating func addAlternative(
    of symbol: String, weight: Double, items: [String], line: Int
  ) throws(GrammarError) {
    let bound = Self.featureNames(in: [symbol])
    let free = Self.featureNames(in: items).filter { !bound.contains($0) }
    let variants = try assignments(of: free, line: line)
    let total = variants.reduce(0) { $0 + $1.weight }
    for copy in try assignments(of: bound, line: line) {
      for variant in variants {
        let values = copy.values.merging(variant.values) { value, _ in value }
        let items = items.map { Self.item(Self.substitute(values, in: $0)) }
        rules[Self.substitute(copy.values, in: symbol), default: []]
          .append(Rule(weight: weight * variant.weight / total, items: items))
      }
    }
  }

  private mutating func addWords(_ words: [String], tag: String, symbol: String) {
    for (rank, entry) in words.enumerated() {
      for (suffix, word) in Inflection.forms(of: entry, tag: tag) {
        rules[symbol + suffix, default: []]
          .append(Rule(weight: 1 / Double(rank + 3), items: [.terminal(TaggedWord(word: word, tag: tag))]))
      }
    }
  }

  /// Every combination of the features' values; one empty combination if there are no features.
  private func assignments(of names: [String], line: Int) throws(GrammarError) -> [Assignment] {
    var result: [Assignment] = [([:], 1)]
    for name in names {
      guard let values = features[name] else { throw .unknownFeature(name, line: line) }
      result = result.flatMap { partial in
        values.map { (partial.values.merging([name: $0.name]) { value, _ in value }, partial.weight * $0.weight) }
      }
    }
    return result
  }

  /// The names between angle brackets, each once, in order of appearance.
  private static func featureNames(in items: [String]) -> [String] {
    var names: [String] = []
    for item in items {
      for part in item.split(separator: "<").dropFirst(item.hasPrefix("<") ? 0 : 1) {
        let name = String(part.prefix { $0 != ">" })
        if !names.contains(name) { names.append(name) }
      }
    }
    return names
  }

  private static func substitute(_ values: [String: String], in item: String) -> String {
    var result = ""
    var rest = item[...]
    while let opening = rest.firstIndex(of: "<"), let closing = rest[opening...].firstIndex(of: ">") {
      let name = rest[rest.index(after: opening)..<closing]
      result += rest[..<opening] + (values[String(name)] ?? "")
      rest = rest[rest.index(after: closing)...]
    }
    return result + rest
  }

  private static func item(_ text: String) -> Item {
    guard let slash = text.lastIndex(of: "/") else { return .symbol(text) }
    return .terminal(TaggedWord(word: String(text[..<slash]), tag: String(text[text.index(after: slash)...])))
  }
}

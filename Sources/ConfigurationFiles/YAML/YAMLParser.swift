import Keys
import Yams

/// Reads YAML text into a tree with Yams, and says what is wrong with it.
///
/// Text may come from a stranger, inside a checkpoint for one, so what aliases and nesting can do is bounded.
struct YAMLParser {
  /// Aliases that a text may have. Yams hashes every key while it parses, so a document must not grow beyond reason even
  /// before there is a tree to look at; with this few it can't.
  static let aliasLimit = 16
  static let valueLimit = 10_000
  static let depthLimit = 20

  /// The value of the text, or nil where `problems` say why there is none.
  private(set) var tree: ValueTree?
  private(set) var problems: [ConfigurationProblem] = []

  private let origin: (Mark?) -> Origin
  private var repair = DuplicateKeyRepair()
  private var valueCount = 0

  /// - Parameters:
  ///   - override: the override that the text belongs to; without one it's that of a file.
  ///   - key: what the text is the value of, in dotted notation.
  init(_ text: String, override: Origin? = nil, key: String = "") {
    origin = { mark in override ?? mark.map { .file(line: $0.line, column: $0.column) } ?? .start }
    if let (line, column, message) = Self.offence(in: text) {
      report(override ?? .file(line: line, column: column), key, message)
      return
    }
    // A byte order mark is allowed at the start of a text, where Yams doesn't know it.
    var text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    while true {
      do {
        let root = try Yams.Parser(yaml: text, encoding: .utf8).singleRoot()
        tree = root.flatMap { convert($0, key: key, depth: 0) }
        if root == nil { tree = ValueTree(.scalar("", isQuoted: false), origin: origin(nil)) }
      } catch YamlError.duplicatedKeysInMapping(let duplicates, let context) {
        if let repaired = repair.renamingKey(duplicates[0], at: context.mark, in: text) {
          text = repaired
          continue
        }
        report(origin(context.mark), key, "duplicate key '\(printable(duplicates[0]))'")
      } catch YamlError.scanner(let context, let problem, let mark, _),
        YamlError.parser(let context, let problem, let mark, _)
      {
        let activity = context.map { " " + $0.text } ?? ""
        report(
          origin(mark), key,
          Self.tab(at: mark, in: text)
            ?? "not valid YAML: \(problem)\(activity)\(Self.patternRemedy(at: mark, in: text))")
      } catch YamlError.composer(let context, let problem, let mark, _) {
        let expectation = context.map { $0.text + " " } ?? ""
        report(
          origin(mark), key, "not valid YAML: \(expectation)\(problem)\(Self.patternRemedy(at: mark, in: text))")
      } catch {
        report(origin(nil), key, "not valid YAML: \(printable("\(error)"))")
      }
      return
    }
  }

  /// What is to be said where the parser came upon a tab, which it has no word for.
  private static func tab(at mark: Mark, in text: String) -> String? {
    let beginning = beginning(ofLine: mark, in: text)
    guard beginning.contains("\t"), beginning.allSatisfy({ $0 == " " || $0 == "\t" }) || beginning.last == "\t" else {
      return nil
    }
    return "a tab, where YAML has spaces alone: indent by spaces"
  }

  /// What most likely was meant by a star that begins no alias, and by a list that a text follows at once: a pattern of files.
  private static func patternRemedy(at mark: Mark, in text: String) -> String {
    let line = beginning(ofLine: mark, in: text)
    if line.split(whereSeparator: { " ,[{".unicodeScalars.contains($0) }).last?.first == "*" {
      return "; a text that begins with * needs quotation marks, as in '*.txt'"
    }
    let rest = line.lastIndex(of: "]").map { line[line.index(after: $0)...] }
    return rest?.contains(where: { " ,}:#".unicodeScalars.contains($0) }) == false && rest?.isEmpty == false
      ? "; a text that begins with [ needs quotation marks, as in '[ab].txt'" : ""
  }

  /// The mark's line up to the mark.
  private static func beginning(ofLine mark: Mark, in text: String) -> Substring.UnicodeScalarView {
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.indices.contains(mark.line - 1)
      ? lines[mark.line - 1].prefix(max(mark.column, 1)) : "".unicodeScalars[...]
  }

  private mutating func report(_ origin: Origin, _ key: String, _ message: String) {
    problems.append(ConfigurationProblem(origin: origin, key: key, message: message))
  }

  /// Why a text isn't even handed to the parser, and where.
  private static func offence(in text: String) -> (line: Int, column: Int, message: String)? {
    var line = 1
    var column = 0
    var aliases = 0
    var beforePrevious: Unicode.Scalar = "\n"
    var previous: Unicode.Scalar = "\n"
    for scalar in text.unicodeScalars {
      column += 1
      switch scalar {
      case "\n": (line, column) = (line + 1, 0)
      case "\t", "\r", "\u{85}": break
      case _ where scalar.properties.generalCategory == .control:
        return (line, column, "control character \(scalar.escaped(asASCII: true))")
      default: break
      }
      // An alias is a star at the start of a value, right before a name in ASCII. Comments and quoted strings may have
      // such stars too, which does no harm at this number.
      let startsValue = beforePrevious.properties.isWhitespace || "[{,:?".unicodeScalars.contains(beforePrevious)
      if startsValue, previous == "*", scalar.isASCIILetter || "0123456789_-".unicodeScalars.contains(scalar) {
        aliases += 1
        if aliases > aliasLimit { return (line, column, "more than \(aliasLimit) aliases (*name)") }
      }
      (beforePrevious, previous) = (previous, scalar)
    }
    return nil
  }

  // MARK: From Yams' nodes to our tree

  private mutating func convert(_ node: Node, key: String, depth: Int) -> ValueTree? {
    let place = origin(node.mark)
    valueCount += 1
    guard valueCount <= Self.valueLimit else {
      if valueCount == Self.valueLimit + 1 { report(place, key, "more than \(Self.valueLimit) values") }
      return nil
    }
    guard depth <= Self.depthLimit else {
      report(place, key, "nested deeper than \(Self.depthLimit) levels")
      return nil
    }
    switch node {
    case .scalar(let scalar):
      return ValueTree(.scalar(scalar.string, isQuoted: scalar.style != .plain), origin: place)
    case .sequence(let nodes):
      return ValueTree(.list(nodes.compactMap { convert($0, key: key, depth: depth + 1) }), origin: place)
    case .mapping(let mapping):
      return ValueTree(.mapping(entries(of: mapping, key: key, depth: depth)), origin: place)
    case .alias:
      // Yams puts the anchor's node in the place of an alias.
      return nil
    }
  }

  private mutating func entries(of mapping: Node.Mapping, key: String, depth: Int) -> [ValueTree.Entry] {
    var firstLines: [String: Int] = [:]
    var entries: [ValueTree.Entry] = []
    for (keyNode, valueNode) in mapping {
      guard case .scalar(let scalar) = keyNode else {
        report(origin(keyNode.mark), key, "expected a key, found a list or a mapping")
        continue
      }
      let name = repair.originalName(of: scalar.string)
      let path = key.isEmpty ? name : "\(key).\(name)"
      if let line = firstLines[name] {
        report(origin(scalar.mark), path, "duplicate key; first given on line \(line)")
        entries.removeAll { $0.key == name }
      } else {
        firstLines[name] = scalar.mark?.line
      }
      if let value = convert(valueNode, key: path, depth: depth + 1) {
        entries.append(ValueTree.Entry(key: name, origin: origin(scalar.mark), value: value))
      }
    }
    return entries
  }
}

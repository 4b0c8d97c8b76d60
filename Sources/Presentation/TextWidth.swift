extension StringProtocol {
  /// Columns that a terminal takes for it, as wcwidth(3) counts them, in every locale: ideographs take two, marks on
  /// letters none.
  package var columns: Int { unicodeScalars.reduce(0) { $0 + $1.columns } }

  /// With spaces up to a number of columns.
  package func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - columns)) }
}

extension Unicode.Scalar {
  /// Those that take two columns: East Asian scripts and most emoji.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3,
    0xF900...0xFAFF,
    0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
    0x20000...0x3FFFD,
  ]

  fileprivate var columns: Int {
    if isASCII { return 1 }
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: return Self.wide.contains { $0.contains(value) } ? 2 : 1
    }
  }
}

extension Format {
  /// A text in lines of at most so many columns where its words allow it.
  package static func wrapped(_ text: String, to width: Int) -> [String] {
    wrapped(text.split(separator: " ", omittingEmptySubsequences: false).map(String.init), to: width)
  }

  /// Fields of a line, the most important first: those behind the last one that fits are left out, but never the first.
  package static func fields(_ fields: [String], width: Int = .max) -> String {
    let gap = "  "
    var line = fields.first ?? ""
    for field in fields.dropFirst() {
      guard line.columns + gap.count + field.columns <= width else { break }
      line += gap + field
    }
    return line
  }

  /// A text whose lines are broken between words where they are longer than so many columns: a value behind its name and
  /// two spaces goes on below itself, other lines where they began.
  package static func folded(_ text: String, to width: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard line.columns > width else { return String(line) }
      let name = line.prefixMatch(of: /\s*\S+(?: \S+)* {2,}(?=\S)/)?.output.count ?? 0
      let indent = name > 0 && name < width / 2 ? name : line.prefix { $0 == " " }.count
      let lines = wrapped(String(line.dropFirst(indent)), to: width - indent)
      return line.prefix(indent) + lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }.joined(separator: "\n")
  }

  /// A message in lines of at most so many columns: a command in it, in backquotes or behind a colon up to its end, stays
  /// in one line, for people to copy.
  package static func wrappedMessage(_ text: String, to width: Int) -> [String] {
    var parts: [String] = []
    var isCommand = false
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if !isCommand, word == "rnn-train", parts.last?.hasSuffix(":") == true {
        isCommand = true
        parts.append(String(word))
        continue
      }
      if isCommand { parts[parts.count - 1] += " \(word)" } else { parts.append(String(word)) }
      if !word.count(where: { $0 == "`" }).isMultiple(of: 2) { isCommand.toggle() }
    }
    return wrapped(parts, to: width)
  }

  private static func wrapped(_ parts: [String], to width: Int) -> [String] {
    var lines = [""]
    for word in parts {
      let line = lines[lines.count - 1]
      if line.isEmpty || line.columns + 1 + word.columns <= width {
        lines[lines.count - 1] = line.isEmpty ? word : "\(line) \(word)"
      } else {
        lines.append(word)
      }
    }
    return lines
  }

  /// `1 epoch`, `2 epochs`.
  package static func count(_ value: Int, _ noun: String) -> String {
    "\(count(value)) \(noun)\(value == 1 ? "" : "s")"
  }
}

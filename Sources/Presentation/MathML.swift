import Plots

/// Formulas for pages: a little of TeX's mathematics, as MathML, which browsers set and readers read out.
///
/// There are letters, numbers, operators, `_` and `^` with one sign or a group in braces, `\frac{}{}`, `\sum` with its limits,
/// and the names below. What isn't known stands as it is written.
package enum MathML {
  /// A formula as a block of its own.
  package static func block(_ formula: String) -> String {
    var parser = FormulaParser(formula)
    return "<math display=\"block\"><mrow>\(parser.row())</mrow></math>"
  }
}

private struct FormulaParser {
  private var rest: Substring

  init(_ formula: String) { rest = formula[...] }

  private static let operators = [
    "sum": "∑", "prod": "∏", "leq": "≤", "odot": "⊙", "cdots": "⋯", "top": "⊤", "partial": "∂", "quad": "\u{2003}",
  ]
  private static let identifiers = ["sigma": "σ", "delta": "δ", "tau": "τ"]
  private static let functions: Set = ["tanh", "log", "softmax", "relu", "diag"]

  /// Up to a closing brace, or the end.
  mutating func row() -> String {
    var row = ""
    while let next = rest.first, next != "}" {
      if next == " " { rest.removeFirst() } else { row += scripted() }
    }
    return row
  }

  /// A sign with what stands below and above it.
  private mutating func scripted() -> String {
    let hasLimits = rest.hasPrefix("\\sum") || rest.hasPrefix("\\prod")
    let base = atom()
    var (below, above): (String?, String?)
    while let next = rest.first, next == "_" || next == "^" {
      rest.removeFirst()
      if next == "_" { below = atom() } else { above = atom() }
    }
    switch (below, above) {
    case (nil, nil): return base
    case (let below?, nil): return Self.element(hasLimits ? "munder" : "msub", base + below)
    case (nil, let above?): return Self.element(hasLimits ? "mover" : "msup", base + above)
    case (let below?, let above?): return Self.element(hasLimits ? "munderover" : "msubsup", base + below + above)
    }
  }

  private mutating func atom() -> String {
    guard let first = rest.popFirst() else { return Self.element("mrow", "") }
    switch first {
    case "{":
      let group = row()
      if rest.first == "}" { rest.removeFirst() }
      return Self.element("mrow", group)
    case "\\":
      let name = String(rest.prefix(while: \.isLetter))
      rest.removeFirst(name.count)
      return command(name)
    case _ where first.isNumber:
      let digits = rest.prefix { $0.isNumber || $0 == "." }
      rest.removeFirst(digits.count)
      return Self.element("mn", String(first) + digits)
    case _ where first.isLetter: return Self.element("mi", String(first))
    // Brackets as high as the line: subscripts would make them higher.
    case "(", ")", "[", "]": return "<mo stretchy=\"false\">\(first)</mo>"
    default: return Self.element("mo", first == "-" ? "−" : Markup.escaped(String(first)))
    }
  }

  private mutating func command(_ name: String) -> String {
    if name == "frac" { return Self.element("mfrac", atom() + atom()) }
    if let sign = Self.operators[name] { return Self.element("mo", sign) }
    if let letter = Self.identifiers[name] { return Self.element("mi", letter) }
    return Self.functions.contains(name)
      ? Self.element("mi", name) + Self.element("mo", "\u{2061}") : Self.element("mi", name)
  }

  private static func element(_ name: String, _ content: String) -> String { "<\(name)>\(content)</\(name)>" }
}

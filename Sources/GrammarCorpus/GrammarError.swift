import Diagnostics

/// What can be wrong with a grammar's table, or with writing a corpus.
package enum GrammarError: DiagnosedError, Equatable {
  /// A line of the table that is neither a feature, a symbol, an alternative nor a word list.
  case malformedLine(Int, String)
  case unknownFeature(String, line: Int)
  case undefinedSymbol(String)
  /// A symbol that can begin with itself, which top-down parsing cannot follow.
  case leftRecursive(String)
  /// Sentences grow without bound: a symbol begets one or more symbols of its own kind on average.
  case endless(growth: Double)
  case cannotWrite(path: String, reason: String)

  package var exitCode: ExitCode {
    switch self {
    case .cannotWrite: .cannotWrite
    default: .internalFault
    }
  }

  package var description: String {
    switch self {
    case .malformedLine(let number, let text):
      "grammar:\(number): expected 'feature = values', 'symbol:', 'symbol: TAG words' or an indented 'weight items', "
        + "found '\(text)'"
    case .unknownFeature(let name, let line):
      "grammar:\(line): <\(name)> is not a feature; define it first as '\(name) = value value'"
    case .undefinedSymbol(let name):
      "grammar: \(name) has no alternatives; define it, or write word/TAG if it is a word"
    case .leftRecursive(let name):
      "grammar: \(name) can begin with itself; rewrite its alternatives so that each begins with another symbol"
    case .endless(let growth):
      "grammar: sentences would grow without bound (growth \(growth) a generation, must be below 1); "
        + "lower the weights of the recursive alternatives"
    case .cannotWrite(let path, let reason):
      "\(path): cannot write the corpus: \(reason)"
    }
  }
}

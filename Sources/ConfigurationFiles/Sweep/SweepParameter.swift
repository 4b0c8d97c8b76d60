import Configuration
import Keys

/// A key of a run's configuration that changes from trial to trial.
package struct SweepParameter: Sendable {
  /// Dotted notation.
  package let key: String
  package let domain: Domain
  /// Where the key is written.
  let origin: Origin

  /// What values it takes.
  package enum Domain: Sendable {
    case values([Value])
    case range(Range)
  }

  /// A value in YAML's flow style, as an override takes it.
  package struct Value: Sendable {
    package let text: String
    let origin: Origin
  }

  package struct Range: Sendable, Equatable {
    package let minimum: Double
    package let maximum: Double
    package let distribution: Distribution
    /// Whether only whole numbers are drawn, both ends included.
    package let isWhole: Bool
  }

  package enum Distribution: String, CaseIterable, Sendable {
    case uniform
    /// Uniform in the number's logarithm.
    case logUniform = "log_uniform"
  }

  /// The values, nil for a range.
  package var values: [Value]? {
    if case .values(let values) = domain { values } else { nil }
  }
}

// MARK: - Reading

extension ValueKind<[SweepParameter]> {
  /// A mapping from keys of a run's configuration to what values they take.
  static var sweepParameters: Self {
    let expectation = "a mapping of keys such as model.hidden to {values: […]} or {min: …, max: …}"
    return Self(expectation) { tree, site in
      guard let entries = tree.entries, !entries.isEmpty else { return site.mismatch(tree, expected: expectation) }
      let parameters = entries.compactMap { SweepParameter($0, site.child($0.key)) }
      for (index, parameter) in parameters.enumerated() {
        let rival = parameters[..<index].first {
          $0.key.hasPrefix(parameter.key + ".") || parameter.key.hasPrefix($0.key + ".")
        }
        guard let rival else { continue }
        site.child(parameter.key).reading.report(
          parameter.origin, "parameters.\(parameter.key)", "overlaps with \(rival.key)")
      }
      return parameters
    } write: { parameters in
      ValueTree(.mapping(parameters.map { ValueTree.Entry(key: $0.key, origin: .start, value: $0.tree) }))
    }
  }
}

extension SweepParameter {
  /// Reads an entry of `parameters`; reports what is wrong where there is none.
  fileprivate init?(_ entry: ValueTree.Entry, _ site: ReadingSite) {
    let candidates = RunConfiguration.keys.filter { $0.path == entry.key }
    guard let description = candidates.first else {
      let names = RunConfiguration.keys.map(\.path)
      let suggestion = names.first { $0.hasSuffix(".\(entry.key)") } ?? closest(to: entry.key, among: names)
      let hint = suggestion.map { "did you mean \($0)?" } ?? "`rnn-train config keys` lists the keys of a run"
      site.reading.report(entry.origin, site.path, "not a key of a run's configuration; \(hint)")
      return nil
    }
    guard entry.key != "output" && entry.key != "output.directory" else {
      site.reading.report(entry.origin, site.path, "every trial has a directory of its own")
      return nil
    }
    var form = Form()
    let before = site.reading.problems.count
    site.read(&form, from: entry.value)
    guard site.reading.problems.count == before else { return nil }
    do throws(Form.Fault) {
      domain = try form.domain(number: description.number)
    } catch {
      site.reading.report(entry.value.origin, site.path, error.reason)
      return nil
    }
    key = entry.key
    origin = entry.origin
  }

  /// As `init` reads it.
  fileprivate var tree: ValueTree {
    switch domain {
    case .values(let values):
      let list = ValueTree(.list(values.map { .plain($0.text) }))
      return ValueTree(.mapping([ValueTree.Entry(key: "values", origin: .start, value: list)]))
    case .range(let range):
      return KeyWriter.tree(
        of: Form(minimum: range.minimum, maximum: range.maximum, distribution: range.distribution))
    }
  }

  /// The keys of a parameter as they are written.
  fileprivate struct Form: KeySection {
    var values: [Value]?
    var minimum: Double?
    var maximum: Double?
    var distribution: Distribution?

    struct Fault: Error {
      let reason: String
    }

    mutating func visitKeys(_ keys: inout some KeyVisitor) {
      keys.optional("values", &values, .anyValues, "the values to choose from")
      keys.optional("min", &minimum, .number(.any), "the smallest number to draw")
      keys.optional("max", &maximum, .number(.any), "the largest number to draw")
      keys.optional("distribution", &distribution, .choice, "how numbers are drawn; absent: uniform")
    }

    func domain(number: KeyDescription.NumberKind?) throws(Fault) -> Domain {
      if let values {
        guard minimum == nil && maximum == nil && distribution == nil else {
          throw Fault(reason: "expected values, or min and max, found both")
        }
        return .values(values)
      }
      guard let minimum, let maximum else { throw Fault(reason: "expected {values: […]} or {min: …, max: …}") }
      guard let number else { throw Fault(reason: "takes no numbers; give values: […]") }
      guard minimum < maximum else { throw Fault(reason: "expected a min below the max") }
      let isWhole = number == .whole
      guard !isWhole || (minimum.isWholeNumber && maximum.isWholeNumber) else {
        throw Fault(reason: "takes whole numbers; expected a whole min and max")
      }
      let distribution = distribution ?? .uniform
      guard distribution == .uniform || minimum > 0 else { throw Fault(reason: "log_uniform needs a min above 0") }
      return .range(Range(minimum: minimum, maximum: maximum, distribution: distribution, isWhole: isWhole))
    }
  }
}

extension Double {
  /// Whether it is a whole number that an `Int` holds exactly.
  fileprivate var isWholeNumber: Bool { rounded() == self && magnitude < 0x1p53 }
}

extension ValueKind<[SweepParameter.Value]> {
  /// A list of values of any kind: the key that they are for says later what is wrong with one.
  static var anyValues: Self {
    let expectation = "a list of values"
    return Self(expectation) { tree, site in
      guard case .list(let items) = tree.content, !items.isEmpty else {
        return site.mismatch(tree, expected: expectation)
      }
      return items.map { SweepParameter.Value(text: YAMLEmitter.flow($0), origin: $0.origin) }
    } write: { values in
      ValueTree(.list(values.map { .plain($0.text) }))
    }
  }
}

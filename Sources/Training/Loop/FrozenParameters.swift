import Configuration
import Keys
import Models

extension RunConfiguration.Training {
  /// The parameters that `freeze` names.
  ///
  /// - Throws: `TrainingError.unsuitable` for a name that none has, or if they are all that there are.
  package func frozenParameters(of layout: ParameterLayout) throws(TrainingError) -> Set<Parameter.Handle> {
    var frozen: Set<Parameter.Handle> = []
    for name in freeze ?? [] {
      let named = layout.parameters(named: name)
      if named.isEmpty {
        let hint = closest(to: name, among: layout.parameterNames).map { "did you mean \($0)?" }
        let all = enumeration(of: layout.parameters.map(\.name), conjunction: "and")
        throw Self.objection("no parameter is called \(name); \(hint ?? "there are \(all)")")
      }
      frozen.formUnion(named.map(\.handle))
    }
    if frozen.count == layout.parameters.count {
      throw Self.objection("all parameters would stay as they are, and nothing would be learnt")
    }
    return frozen
  }

  private static func objection(_ reason: String) -> TrainingError {
    .unsuitable(Objection(key: "training.freeze", reason: reason))
  }
}

extension ParameterLayout {
  /// The parameters that a name stands for: one by its whole name, a layer with all of its directions (`rnn.l0`,
  /// `language_model.forward.rnn.l0`), or all whose names begin with it and go on with a dot or an underscore (`rnn`, `rnn.weight_hh`).
  fileprivate func parameters(named name: String) -> [Parameter] {
    let exact = parameters.filter { $0.name == name }
    if !exact.isEmpty { return exact }
    return parameters.filter {
      $0.layerName == name || $0.name.hasPrefix(name + ".") || $0.name.hasPrefix(name + "_")
    }
  }

  /// What a name may have been meant to be.
  fileprivate var parameterNames: Set<String> {
    Set(parameters.flatMap { [$0.name, $0.moduleName] + ($0.layerName.map { [$0] } ?? []) })
  }
}

extension Parameter {
  /// What stands before the first dot: `rnn` of `rnn.weight_ih_l0`.
  package var moduleName: String { String(name.prefix { $0 != "." }) }

  /// `rnn.l0` of `rnn.weight_ih_l0` and of `rnn.weight_ih_l0_reverse`; nil where a name has no layer.
  fileprivate var layerName: String? {
    name.wholeMatch(of: /(.*)\.[^.]*_(l\d+)(_reverse)?/).map { "\($0.1).\($0.2)" }
  }
}

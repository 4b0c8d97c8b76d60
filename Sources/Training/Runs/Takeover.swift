import Files
import Models

/// What a new run's model takes over of a checkpoint.
package struct Takeover {
  package let summary: Summary
  /// By the names of the parameters that they go to.
  private let tensors: [String: Checkpoint.Tensor]

  /// What people are told of it.
  package struct Summary: Sendable, Equatable {
    package let origin: Origin
    /// What the model's parameters are called, in their order: a module by its own name where it is all of it.
    package let taken: [String]
    package let drawn: [String]
    /// Rows that taken parameters have behind the checkpoint's.
    package let words: Int
    package let tags: Int
    package let characters: Int
  }

  /// - Parameters:
  ///   - old: the checkpoint's sizes.
  ///   - new: the new model's: layers are the same, and what the checkpoint knows comes first.
  ///   - outputs: the output layers that mean the same classes.
  init(
    of checkpoint: Checkpoint, _ origin: Origin, from old: ModelShape, to new: ModelShape, outputs: [Int]
  ) {
    let own = Dictionary(uniqueKeysWithValues: checkpoint.parameters.map { ($0.name, $0) })
    let layout = ParameterLayout(new)
    var tensors: [String: Checkpoint.Tensor] = [:]
    let others = layout.parametersOfOutputs.indices.filter { !outputs.contains($0) }
    let drawnAnew = Set(others.flatMap { layout.parametersOfOutputs[$0] })
    for (index, parameter) in layout.parameters.enumerated() where !drawnAnew.contains(index) {
      if let tensor = own[parameter.name], parameter.canBegin(with: tensor.shape) { tensors[parameter.name] = tensor }
    }
    let taken = layout.parameters.filter { tensors[$0.name] != nil }
    // Character models that a run begins to train on are what they were, and neither taken nor drawn.
    let drawn = layout.parameters.enumerated().filter {
      tensors[$1.name] == nil && !layout.parametersOfReaders.contains($0)
    }.map(\.element)
    summary = Summary(
      origin: origin, taken: Self.names(of: taken, beside: drawn), drawn: Self.names(of: drawn, beside: taken),
      words: new.vocabulary - old.vocabulary,
      tags: checkpoint.tagging == nil
        ? 0 : outputs.reduce(0) { $0 + new.classesOfOutputs[$1] - old.classesOfOutputs[$1] },
      characters: (new.characters?.vocabulary ?? 0) - (old.characters?.vocabulary ?? 0))
    self.tensors = tensors
  }

  private static func names(of parameters: [Parameter], beside others: [Parameter]) -> [String] {
    let divided = Set(others.map(\.moduleName))
    return parameters.reduce(into: []) { names, parameter in
      let name = divided.contains(parameter.moduleName) ? parameter.name : parameter.moduleName
      if names.last != name { names.append(name) }
    }
  }

  /// Puts the checkpoint's rows into parameters that are drawn already, and their mean into rows behind them, which learn
  /// faster from there than from what was drawn (see GoingOn.md for figures).
  func apply(to parameters: Parameters) throws(FileError) {
    let layout = parameters.layout
    for parameter in layout.parameters {
      guard let tensor = tensors[parameter.name] else { continue }
      try tensor.put(as: parameter, of: layout, into: parameters.values)
      guard tensor.shape[0] < parameter.shape[0] else { continue }
      let mean = try tensor.meanRow()
      for row in tensor.shape[0]..<parameter.shape[0] {
        layout.setElements(of: parameter, outputs: row..<row + 1, in: parameters.values, to: mean)
      }
    }
    parameters.renewTransposedCopies()
  }
}

extension Checkpoint.Tensor {
  /// The mean of all rows, summed in their order in double precision.
  fileprivate func meanRow() throws(FileError) -> [Float] {
    var sums = [Double](repeating: 0, count: shape.dropFirst().reduce(1, *))
    for part in parts {
      for (index, element) in try rows(part).enumerated() { sums[index % sums.count] += Double(element) }
    }
    return sums.map { Float($0 / Double(shape[0])) }
  }
}

extension Parameter {
  /// Whether its first rows can be a tensor of a shape.
  fileprivate func canBegin(with shape: [Int]) -> Bool {
    shape.dropFirst() == self.shape.dropFirst() && shape.count == self.shape.count && shape[0] <= self.shape[0]
  }
}

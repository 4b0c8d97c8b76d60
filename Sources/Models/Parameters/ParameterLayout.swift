import Compute

/// All parameters of a model in one arena. Optimizer moments are arenas of the same layout, so that clipping, update and saving
/// are single loops; gradients are one of its beginning.
///
/// Modules find theirs by the handles that it gives out; names are for files and for people.
package struct ParameterLayout: Sendable {
  package let parameters: [Parameter]
  /// Floats of an arena, padding included.
  package let floatCount: Int
  /// Floats of the parameters that have gradients in all rows: they come first.
  package let denseCount: Int

  let network: NetworkParameters
  /// One for each of the shape's `classesOfOutputs`.
  package let outputs: [any OutputParameters]
  /// [output layer] which of the parameters are its own.
  package let parametersOfOutputs: [Range<Int>]
  /// [reader] they come last, so that all others are what they are without them.
  let readers: [NetworkParameters]
  /// Which of the parameters are of a reader.
  package let parametersOfReaders: Range<Int>

  package init(_ shape: ModelShape) {
    var builder = LayoutBuilder()
    network = builder.addNetwork(
      shape, gradientRows: shape.tiesEmbeddings ? shape.output.tiedGradientRows : .inputs)
    var outputs: [any OutputParameters] = []
    var ranges: [Range<Int>] = []
    for (index, classes) in shape.classesOfOutputs.enumerated() {
      var shape = shape
      shape.classes = classes
      let first = builder.count
      outputs.append(
        shape.output.addParameters(
          of: shape, named: index == 0 ? "decoder" : "decoder_\(index)", embedding: network.embedding, to: &builder))
      ranges.append(first..<builder.count)
    }
    (self.outputs, parametersOfOutputs) = (outputs, ranges)
    let ownCount = builder.count
    readers = shape.readers.enumerated().map { index, reader in
      builder.addNetwork(reader.network, named: "\(reader.name).", gradientRows: .readings(by: index))
    }
    parametersOfReaders = ownCount..<builder.count
    (parameters, denseCount, floatCount) = builder.placed
  }

  package var embedding: Parameter.Handle { network.embedding }
  package var characters: CharacterParameters? { network.characters }
  /// [layer][direction]
  package var layers: [[DirectionParameters]] { network.layers }

  /// The first output layer's.
  package var output: any OutputParameters { outputs[0] }

  /// Numbers that are trained, padding not counted.
  package var elementCount: Int { parameters.reduce(0) { $0 + $1.elementCount } }

  package subscript(handle: Parameter.Handle) -> Parameter { parameters[handle.index] }

  package func view(_ handle: Parameter.Handle, in arena: Arena) -> PanelMatrix {
    PanelMatrix(arena, offset: self[handle].offset, self[handle].panels)
  }

  /// Stretches of an arena in the order for workers that sum the gradients there, each a job of a phase with `.near`.
  /// Cost: O(stretches (workers + log parameters)).
  ///
  /// - Parameter stretch: of what has gradients in all rows.
  package func arranged<Job>(_ jobs: [Job], near workers: Int, _ stretch: (Job) -> Range<Int>) -> [Job] {
    let dense = parameters.filter { $0.gradientRows == .all }.sorted { $0.offset < $1.offset }
    return Compute.arranged(jobs, near: workers) { job in
      let start = stretch(job).lowerBound
      var (low, high) = (0, dense.count)
      while low < high {
        let middle = (low + high) / 2
        if dense[middle].floats.upperBound <= start { low = middle + 1 } else { high = middle }
      }
      return low < dense.count ? dense[low].place(ofFloat: start) : 0
    }
  }

  /// A parameter's elements as PyTorch orders them. Cost: O(elements).
  package func elements(of parameter: Parameter, in arena: Arena) -> [Float] {
    elements(of: parameter, outputs: 0..<parameter.shape[0], in: arena)
  }

  /// Those of some outputs only.
  package func elements(of parameter: Parameter, outputs: Range<Int>, in arena: Arena) -> [Float] {
    let inputs = parameter.inputPlaces
    let base = arena.base + parameter.offset
    return [Float](unsafeUninitializedCapacity: outputs.count * inputs.count) { elements, count in
      for output in outputs {
        let place = parameter.outputPlace(output)
        for input in inputs {
          elements[count] = base[place + input]
          count += 1
        }
      }
    }
  }

  /// Cost: O(elements).
  package func setElements(of parameter: Parameter, in arena: Arena, to values: [Float]) {
    setElements(of: parameter, outputs: 0..<parameter.shape[0], in: arena, to: values)
  }

  /// Those of some outputs only.
  package func setElements(of parameter: Parameter, outputs: Range<Int>, in arena: Arena, to values: [Float]) {
    let inputs = parameter.inputPlaces
    precondition(values.count == outputs.count * inputs.count)
    let base = arena.base + parameter.offset
    var index = 0
    for output in outputs {
      let place = parameter.outputPlace(output)
      for input in inputs {
        base[place + input] = values[index]
        index += 1
      }
    }
  }
}

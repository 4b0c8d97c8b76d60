import Compute
import Models

// Parameters by PyTorch's names, as tests have them beside the numbers they compare.

extension ParameterLayout {
  package func handle(_ name: String) -> Parameter.Handle {
    guard let parameter = parameters.first(where: { $0.name == name }) else {
      preconditionFailure("no parameter is called \(name)")
    }
    return parameter.handle
  }

  /// What there is of every parameter, by its name.
  package func matrices(_ elements: (Parameter) -> [Float]) -> [String: Matrix] {
    var matrices: [String: Matrix] = [:]
    for parameter in parameters {
      let values = elements(parameter).map(Double.init)
      let columns = parameter.shape[parameter.shape.count - 1]
      matrices[parameter.name] = Matrix(rows: values.count / columns, columns: columns, values: values)
    }
    return matrices
  }
}

extension Parameters {
  package func view(_ name: String) -> PanelMatrix { view(layout.handle(name)) }
}

extension Gradients {
  package func rows(_ name: String) -> RowGradient? { rows(layout.handle(name)) }
}

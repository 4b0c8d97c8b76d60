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
}

extension Parameters {
  package func view(_ name: String) -> PanelMatrix { view(layout.handle(name)) }
}

extension Gradients {
  package func rows(_ name: String) -> RowGradient? { rows(layout.handle(name)) }
}

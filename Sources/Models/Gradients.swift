import Compute

/// The gradient of the loss by every parameter, in the parameters' layout. Between steps those of embeddings are zero: a
/// step adds to the rows of its own inputs only.
package final class Gradients: Sendable {
  package let layout: ParameterLayout
  package let values: Arena

  package init(_ layout: ParameterLayout) {
    self.layout = layout
    values = Arena(count: layout.floatCount)
  }

  package func view(_ name: String) -> PanelMatrix { layout.view(name, in: values) }
}

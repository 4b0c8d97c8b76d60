import Models

/// The sizes of a model and of its minibatch, with a line that says them.
package struct ModelCase: Sendable, CustomStringConvertible {
  package var shape: ModelShape
  package let streams: Int
  package let timesteps: Int

  package init(
    cell: any CellKind, layers: Int, vocabulary: Int, embedding: Int, hidden: Int, classes: Int, streams: Int,
    timesteps: Int
  ) {
    shape = ModelShape(
      vocabulary: vocabulary, embedding: embedding, cell: cell, hidden: hidden, layers: layers,
      classes: classes)
    self.streams = streams
    self.timesteps = timesteps
  }

  /// An Elman network.
  package init(
    _ activation: Activation, layers: Int, vocabulary: Int, embedding: Int, hidden: Int, classes: Int, streams: Int,
    timesteps: Int
  ) {
    self.init(
      cell: .elman(activation), layers: layers, vocabulary: vocabulary, embedding: embedding, hidden: hidden,
      classes: classes, streams: streams, timesteps: timesteps)
  }

  package var description: String {
    "\(shape.cell) x \(shape.layers), vocabulary \(shape.vocabulary), embedding \(shape.embedding), "
      + "hidden \(shape.units[0]), classes \(shape.classes), [\(timesteps), \(streams)]"
  }
}

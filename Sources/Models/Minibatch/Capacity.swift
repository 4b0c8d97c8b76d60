extension SequenceModel {
  /// Most of everything that a minibatch can hold.
  package struct Capacity: Sendable, Equatable {
    /// Of the words or characters that the model reads.
    package var timeline: Timeline.Capacity
    /// Word forms that a minibatch may name; nil where ids are all there is.
    package var forms: Int?
    /// Forms of one minibatch and their characters; nil without a character encoder.
    package var characters: Timeline.Capacity?
    /// [reader] sentences of one minibatch and their characters.
    package var readings: [Timeline.Capacity]

    package init(
      _ timeline: Timeline.Capacity, forms: Int? = nil, characters: Timeline.Capacity? = nil,
      readings: [Timeline.Capacity] = []
    ) {
      self.timeline = timeline
      self.forms = forms
      self.characters = characters
      self.readings = readings
    }
  }
}

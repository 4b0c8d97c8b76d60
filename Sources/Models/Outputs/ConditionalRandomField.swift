import Keys

/// A distribution over the sequences of tags of a whole sentence, a linear-chain conditional random field (Lafferty,
/// McCallum and Pereira, ICML 2001; over a bidirectional LSTM, Lample et al., NAACL 2016):
///
///     p(y | x) = e^s(y) / sum over all y' of e^s(y')
///     s(y)     = start[y_1] + e_1[y_1] + A[y_1, y_2] + e_2[y_2] + ... + e_T[y_T] + end[y_T],   e_t = U h_t + b
///
/// What a tag says about its neighbours is in A. Of a sentence with words that have no tag the loss is -log of the sum over
/// all sequences that agree with the tags that there are.
package struct ConditionalRandomField: OutputKind {
  package init() {}

  package var name: String { "crf" }
  package var suitsTags: Bool { true }
  package var suitsText: Bool { false }

  package func caveat(classes: Int) -> String? {
    classes > Self.many
      ? "model.output.kind crf: each word costs \(classes) x \(classes) products, one for each pair of tags; softmax costs one for each tag"
      : nil
  }

  /// Tags with whose pairs most of a step is spent.
  private static let many = 200

  package func addParameters(
    of shape: ModelShape, named name: String, embedding: Parameter.Handle, to builder: inout LayoutBuilder
  ) -> any OutputParameters {
    let (classes, inputs, tags) = (shape.classes, shape.outputWidths, Widths([shape.classes]))
    return ChainParameters(
      weight: builder.addOutputWeight("\(name).weight", classes: classes, inputs: inputs),
      bias: builder.addOutputBias("\(name).bias", classes: classes, inputs: inputs),
      transitions: builder.addOutputWeight("\(name).transitions", classes: classes, inputs: tags),
      start: builder.addOutputBias("\(name).start_transitions", classes: classes, inputs: tags),
      end: builder.addOutputBias("\(name).end_transitions", classes: classes, inputs: tags))
  }
}

/// U [classes, hidden], b [classes], A [from, to], and what sentences begin and end with, [classes] each.
package struct ChainParameters: OutputParameters {
  let weight, bias, transitions, start, end: Parameter.Handle

  package var distribution: Distribution { .chain(self) }

  package func makeLayer(_ context: OutputContext) -> any OutputLayer { ChainOutput(context, self) }
}

import Compute
import Keys

/// How the distribution over the classes is computed: what it is called, its settings as keys, its parameters, and by these
/// what computes it.
///
/// A kind of output layer is a file with a type that conforms, its `OutputParameters` and `OutputLayer`, and an entry in
/// `OutputKey.all`.
package protocol OutputKind: KeyAlternative {
  /// Whether it has one weight for all classes and nothing else, which can be the tokens' embedding.
  var canTieEmbeddings: Bool { get }
  /// Where gradients of a weight go that is the tokens' embedding.
  var tiedGradientRows: GradientRows { get }
  /// Whether it is of use for as few classes as a tagger has.
  var suitsTags: Bool { get }
  /// Whether it is of use for streams of text, which never end.
  var suitsText: Bool { get }
  /// Whether losses in training are over a sample of the classes, and no perplexity follows from them.
  var samplesLoss: Bool { get }
  /// What computes the same distribution of parameters of the same names and shapes, with gradients of the loss over all
  /// classes.
  var withWholeLoss: any OutputKind { get }

  /// What is wrong with the settings for so many classes, by the names of their keys.
  func objections(classes: Int) -> [Objection]
  /// What people are to know of what so many classes cost; nil where it goes without saying.
  func caveat(classes: Int) -> String?
  /// How the classes are divided; nil where they aren't.
  func clusters(of shape: ModelShape) -> ClusterLayout?
  /// The setting that keeps the clusters of a layout where they are when there are more classes, for people; nil where there
  /// is none.
  func setting(keeping layout: ClusterLayout) -> String?
  /// Classes whose logits a step of training has for every row.
  func multipliedClasses(of shape: ModelShape) -> Int

  /// Adds the layer's parameters to a model's.
  ///
  /// - Parameters:
  ///   - name: of the module, which their names begin with.
  ///   - embedding: the tokens' embedding, which the layer's weight may be tied to.
  func addParameters(
    of shape: ModelShape, named name: String, embedding: Parameter.Handle, to builder: inout LayoutBuilder
  ) -> any OutputParameters
}

extension OutputKind {
  package var canTieEmbeddings: Bool { false }
  package var tiedGradientRows: GradientRows { .all }
  package var suitsTags: Bool { false }
  package var suitsText: Bool { true }
  package var samplesLoss: Bool { false }
  package var withWholeLoss: any OutputKind { self }
  package func objections(classes: Int) -> [Objection] { [] }
  package func caveat(classes: Int) -> String? { nil }
  package func clusters(of shape: ModelShape) -> ClusterLayout? { nil }
  package func setting(keeping layout: ClusterLayout) -> String? { nil }
  package func multipliedClasses(of shape: ModelShape) -> Int { clusters(of: shape)?.headClasses ?? shape.classes }
}

/// `model.output`: one of all kinds of output layers, with its settings.
@propertyWrapper
package struct OutputKey: KeySection, KeyVariant, Sendable {
  /// With their defaults, in the order in which documentation names them.
  private static let all: [any OutputKind] = [
    Softmax(), WordClasses(), AdaptiveSoftmax(), SampledSoftmax(), ConditionalRandomField(),
  ]

  package static let selector = VariantSelector.value(
    ofKey: "kind", noun: "output layer",
    help:
      "how the distribution is computed: all at once, in two steps, in training from a sample, or over a sentence's tags together"
  )
  package static let alternatives = all.map(OutputKey.init(wrappedValue:))

  package var wrappedValue: any OutputKind
  package var name: String { wrappedValue.name }

  package init(wrappedValue: any OutputKind) { self.wrappedValue = wrappedValue }

  package mutating func visitSettings(_ keys: inout some KeyVisitor) { wrappedValue.visitSettings(&keys) }
}

extension OutputKey: Equatable {
  package static func == (a: OutputKey, b: OutputKey) -> Bool { a.wrappedValue == b.wrappedValue }
}

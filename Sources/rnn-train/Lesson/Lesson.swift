import Presentation

/// The toy's training as a text: from the four equations to a trained network, each number by hand and beside it what the
/// program computes.
struct Lesson: CustomStringConvertible {
  private let steps: Int
  private let decimals: Int
  /// Before the first step.
  private let network: HandNetwork
  private let forward: [HandNetwork.Timestep]
  private let gradient: HandNetwork.Gradient
  /// After it.
  private let next: HandNetwork
  private let program: Program
  private let curve: [Point]
  private let trained: [HandNetwork.Timestep]

  /// What the program had in the first step.
  private struct Program {
    let hidden: [[Double]]
    let losses: [Double]
    let loss: Double
    let gradient, next: HandNetwork
  }

  private struct Point {
    let step: Int
    let byHand, program: Double
  }

  init(_ training: LessonTraining, steps: Int, decimals: Int) {
    self.steps = steps
    self.decimals = decimals
    var network = training.network
    self.network = network
    forward = network.forward(words: Toy.inputs, targets: Toy.targets)
    gradient = network.gradient(forward, targets: Toy.targets)
    let loss = training.train(step: 1)
    network.descend(gradient.sum, rate: Toy.learningRate)
    next = network
    program = Program(
      hidden: training.hidden, losses: training.losses, loss: loss, gradient: training.gradient, next: training.network)
    var curve = [Point(step: 1, byHand: Self.mean(forward), program: loss)]
    for step in stride(from: 2, through: steps, by: 1) {
      let forward = network.forward(words: Toy.inputs, targets: Toy.targets)
      let point = Point(step: step, byHand: Self.mean(forward), program: training.train(step: step))
      network.descend(network.gradient(forward, targets: Toy.targets).sum, rate: Toy.learningRate)
      if step == steps || Self.shown.contains(step) { curve.append(point) }
    }
    self.curve = curve
    trained = network.forward(words: Toy.inputs, targets: Toy.targets)
  }

  /// Steps whose losses are shown beside the last one's.
  private static let shown: Set = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000]

  private static func mean(_ forward: [HandNetwork.Timestep]) -> Double {
    forward.reduce(0) { $0 + $1.loss } / Double(forward.count)
  }

  // MARK: the text

  var description: String {
    [
      """
      The text is "\(Toy.text.map { Toy.words[$0] }.joined(separator: " "))": what follows tick, only the word before it tells.
      """,
      """
      1. The network, as the seed drew it: \(Toy.embedding) numbers for a word, \(Toy.units) units, \(Toy.words.count) words to choose from

      \(weights)
      """,
      """
      2. Forward: h_t = tanh(V x_t + W h_(t-1) + b), y_t = softmax(U h_t + c), L_t = -log y_t[next word]

      \(forwardTable)

      L, the mean of all L_t: by hand \(number(Self.mean(forward))), rnn-train \(number(program.loss))
      """,
      """
      3. Back: dL/dU is the sum over t of what each L_t adds by the state h_t of its own timestep

      \(beside(gradient.sum.u, program.gradient.u, "dL/dU"))
      """,
      """
      4. dL/dW is the sum over t and every k <= t: L_t reaches the use of W at k through the states in between.
         What each pair adds to dL/dW[1, 1]:

      \(pairs(gradient.recurrentContributions))

      \(beside(gradient.sum.w, program.gradient.w, "dL/dW"))
      """,
      """
      5. dL/dV likewise, with x_k in the place of h_(k-1). What each pair adds to dL/dV[1, 1]:

      \(pairs(gradient.inputContributions))

      \(beside(gradient.sum.v, program.gradient.v, "dL/dV"))
      """,
      """
      6. A step of gradient descent: W - \(Format.significant(Toy.learningRate, 2)) dL/dW, and so all others

      \(beside(next.w, program.next.w, "W"))
      """,
      """
      7. The same again, \(Format.count(steps, "step")) in all

      \(Table(["step", "L by hand", "rnn-train"], curve.map { [Format.count($0.step), number($0.byHand), number($0.program)] }))

      \(predictions)
      """,
    ].joined(separator: "\n\n")
  }

  private func number(_ value: Double) -> String {
    let text = Format.fixed(value, decimals)
    // A zero is no less than zero.
    return text.allSatisfy { "-0.".contains($0) } ? Format.fixed(0, decimals) : text
  }

  private var weights: String {
    let rows: [(String, String, HandNetwork.Matrix)] = [
      ("x", "embedding.weight", network.embedding), ("V", "rnn.weight_ih_l0", network.v),
      ("W", "rnn.weight_hh_l0", network.w), ("b", "rnn.bias_ih_l0", network.b.map { [$0] }),
      ("U", "decoder.weight", network.u), ("c", "decoder.bias", network.c.map { [$0] }),
    ]
    let lines = rows.flatMap { symbol, name, matrix in
      matrix.enumerated().map { index, row in
        [index == 0 ? symbol : "", index == 0 ? name : ""] + (0..<2).map { $0 < row.count ? number(row[$0]) : "" }
      }
    }
    return Table(["", "in checkpoints", "", ""], lines, alignments: [.left, .left, .right, .right]).description
  }

  private var forwardTable: String {
    let units = (1...Toy.units).map { "h_t[\($0)]" }
    let rows = forward.enumerated().map { t, now in
      [String(t), Toy.words[now.word]] + now.h.map(number) + program.hidden[t].map(number)
        + [Toy.words[Toy.targets[t]], number(now.loss), number(program.losses[t])]
    }
    return Table(
      ["t", "word"] + units + units.map { _ in "rnn-train" } + ["next", "L_t", "rnn-train"], rows,
      alignments: [.left, .left] + (units + units).map { _ in .right } + [.left, .right, .right]
    ).description
  }

  /// Two matrices of one shape, a row below the other.
  private func beside(_ byHand: HandNetwork.Matrix, _ program: HandNetwork.Matrix, _ name: String) -> String {
    let columns = byHand.first?.count ?? 0
    func heading(_ text: String) -> [String] { [text] + Array(repeating: "", count: columns - 1) }
    let rows = zip(byHand, program).map { [""] + $0.map(number) + [""] + $1.map(number) }
    return Table([name] + heading("by hand") + [""] + heading("rnn-train"), rows).description
  }

  /// The contributions of all pairs to the first element, the rows' sums at the end.
  private func pairs(_ contributions: [[HandNetwork.Matrix]]) -> String {
    let rows = contributions.enumerated().map { t, matrices in
      let elements = matrices.map { $0[0][0] }
      return ["t = \(t)"] + contributions.indices.map { $0 < elements.count ? number(elements[$0]) : "" }
        + [number(elements.reduce(0, +))]
    }
    return Table([""] + contributions.indices.map { "k = \($0)" } + ["sum"], rows).description
  }

  private var predictions: String {
    let rows = trained.enumerated().map { t, now in
      let likeliest = now.y.indices.max { now.y[$0] < now.y[$1] } ?? 0
      return [Toy.words[now.word], Toy.words[likeliest], number(now.y[likeliest]), Toy.words[Toy.targets[t]]]
    }
    return Table(["after", "it expects", "with", "comes"], rows, alignments: [.left, .left, .right, .left]).description
  }
}

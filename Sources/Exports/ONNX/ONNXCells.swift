import Foundation
import Models

/// A cell that one of ONNX's operators computes.
protocol ONNXCell {
  var onnx: ONNXRecurrence { get }
}

/// How an operator of ONNX computes a cell.
struct ONNXRecurrence {
  /// One of the operator's gates: the cell's gate of that number, or its negative.
  struct Gate {
    let number: Int
    var isNegated = false
  }

  let operation: String
  /// In the operator's order.
  let gates: [Gate]
  /// In the operator's order, h first.
  let states: [String]
  var attributes: [(String, ONNXGraph.Attribute)] = []
  /// The operator's function where there is a choice.
  var activation: String?
}

extension LSTM: ONNXCell {
  /// Its gates are i, o, f, c, and c is PyTorch's g.
  var onnx: ONNXRecurrence {
    ONNXRecurrence(
      operation: "LSTM", gates: [.init(number: 0), .init(number: 3), .init(number: 1), .init(number: 2)],
      states: ["h", "c"])
  }
}

extension CIFG: ONNXCell {
  /// An LSTM with the input gate sigmoid(-z_f) = 1 - sigmoid(z_f). Its attribute `input_forget` has the same in mind, but
  /// the standard doesn't say which of the two gates it leaves, and not every runtime has it.
  var onnx: ONNXRecurrence {
    ONNXRecurrence(
      operation: "LSTM",
      gates: [.init(number: 0, isNegated: true), .init(number: 2), .init(number: 0), .init(number: 1)],
      states: ["h", "c"])
  }
}

extension GRU: ONNXCell {
  /// Its gates are z, r, h, and h is PyTorch's n; here r multiplies the recurrent product with its bias.
  var onnx: ONNXRecurrence {
    ONNXRecurrence(
      operation: "GRU", gates: [.init(number: 1), .init(number: 0), .init(number: 2)], states: ["h"],
      attributes: [("linear_before_reset", .int(1))])
  }
}

extension Elman: ONNXCell {
  var onnx: ONNXRecurrence {
    ONNXRecurrence(
      operation: "RNN", gates: [.init(number: 0)], states: ["h"], activation: activation.rawValue.capitalized)
  }
}

import Foundation

/// Reverse-mode automatic differentiation of vectors in double precision: every operation is put on record with its own
/// derivative, and the backward pass is the record read from its end.
///
/// Whoever writes a formula with it gets the gradient without deriving one.
package final class Tape {
  package final class Vector {
    package let value: [Double]
    /// dL/dvalue, after `differentiate`.
    package fileprivate(set) var gradient: [Double]
    package unowned let tape: Tape

    fileprivate init(_ value: [Double], on tape: Tape) {
      self.value = value
      gradient = [Double](repeating: 0, count: value.count)
      self.tape = tape
    }
  }

  private var record: [() -> Void] = []

  package init() {}

  /// What is computed from: a parameter, or a constant.
  package func vector(_ value: [Double]) -> Vector { Vector(value, on: self) }

  /// Puts dL/dv into every vector v that a number L was computed from.
  package func differentiate(_ number: Vector) {
    precondition(number.value.count == 1)
    number.gradient = [1]
    for step in record.reversed() { step() }
  }

  /// - Parameter back: adds to the operands' gradients, given the result's.
  fileprivate func result(_ value: [Double], _ back: @escaping (_ gradient: [Double]) -> Void) -> Vector {
    let result = vector(value)
    record.append { back(result.gradient) }
    return result
  }

  package func concatenated(_ parts: [Vector]) -> Vector {
    result(parts.flatMap(\.value)) { gradient in
      var first = 0
      for part in parts {
        add(gradient[first..<first + part.value.count], to: &part.gradient)
        first += part.value.count
      }
    }
  }
}

extension Tape.Vector {
  package typealias Vector = Tape.Vector

  package static func + (a: Vector, b: Vector) -> Vector {
    a.tape.result(zip(a.value, b.value).map { $0 + $1 }) { gradient in
      add(gradient[...], to: &a.gradient)
      add(gradient[...], to: &b.gradient)
    }
  }

  /// Element by element.
  package static func * (a: Vector, b: Vector) -> Vector {
    a.tape.result(zip(a.value, b.value).map { $0 * $1 }) { gradient in
      for i in gradient.indices {
        a.gradient[i] += gradient[i] * b.value[i]
        b.gradient[i] += gradient[i] * a.value[i]
      }
    }
  }

  /// f of every element.
  ///
  /// - Parameter derivative: f'(x), given x.
  package func map(_ f: (Double) -> Double, _ derivative: @escaping (Double) -> Double) -> Vector {
    tape.result(value.map(f)) { [self] dy in
      for i in dy.indices { gradient[i] += dy[i] * derivative(value[i]) }
    }
  }

  package subscript(range: Range<Int>) -> Vector {
    tape.result(Array(value[range])) { [self] dy in add(dy[...], to: &gradient, at: range.lowerBound) }
  }

  /// This vector as a matrix, row after row, times another one.
  package func times(_ x: Vector) -> Vector {
    let columns = x.value.count
    let y = stride(from: 0, to: value.count, by: columns).map { first in
      (0..<columns).reduce(0) { $0 + value[first + $1] * x.value[$1] }
    }
    return tape.result(y) { [self] dy in
      for (row, d) in dy.enumerated() {
        let first = row * columns
        add(x.value[...], times: d, to: &gradient, at: first)
        add(value[first..<first + columns], times: d, to: &x.gradient)
      }
    }
  }

  /// The logarithms of softmax(this).
  package var logSoftmax: Vector {
    let largest = value.reduce(-.infinity, max)
    let normalizer = largest + log(value.reduce(0) { $0 + exp($1 - largest) })
    return tape.result(value.map { $0 - normalizer }) { [self] dy in
      let sum = dy.reduce(0, +)
      for i in dy.indices { gradient[i] += dy[i] - exp(value[i] - normalizer) * sum }
    }
  }

  /// -log softmax(this)[target].
  package func crossEntropy(_ target: Int) -> Vector {
    let largest = value.reduce(-.infinity, max)
    let sum = value.reduce(0) { $0 + exp($1 - largest) }
    return tape.result([largest + log(sum) - value[target]]) { [self] dy in
      for i in value.indices { gradient[i] += dy[0] * (exp(value[i] - largest) / sum - (i == target ? 1 : 0)) }
    }
  }
}

private func add(_ numbers: ArraySlice<Double>, times factor: Double = 1, to sums: inout [Double], at first: Int = 0) {
  for (offset, number) in numbers.enumerated() { sums[first + offset] += factor * number }
}

package func sigmoid(_ x: Tape.Vector) -> Tape.Vector {
  func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
  return x.map(sigmoid) { sigmoid($0) * (1 - sigmoid($0)) }
}

package func tanh(_ x: Tape.Vector) -> Tape.Vector {
  x.map(Foundation.tanh) { 1 - Foundation.tanh($0) * Foundation.tanh($0) }
}

package func relu(_ x: Tape.Vector) -> Tape.Vector { x.map({ max($0, 0) }, { $0 > 0 ? 1 : 0 }) }

import Datasets
import Presentation

/// What a model makes of a split.
package protocol Evaluation: Sendable {
  /// The mean loss.
  var natsPerTarget: Double { get }
  /// The value of its task's measure.
  var measured: Double { get }
  /// The figure that people compare models by.
  var headline: Quantity { get }
  /// What `metrics.jsonl` has of it beside the loss.
  ///
  /// - Parameter split: what fields' names begin with.
  func metrics(on split: Split) -> [(field: String, value: Double)]

  /// What a run says of the split at its end.
  ///
  /// - Parameter split: `test`
  func results(on split: String) -> [Fact]

  /// All that there is to say of it.
  ///
  /// - Parameter split: what was measured on: the name of a split or of a file.
  func report(on split: String) -> any Report
}

import Diagnostics

/// Numbers that gave out: a loss, a gradient, an update or a parameter that is not finite.
///
/// It is found in the step that it happens in, and once more before a checkpoint is written, so nothing that a run keeps
/// ever holds such a number.
package struct Divergence: DiagnosedError, Equatable {
  /// The step that could not be made.
  package let step: Int
  package let epoch: Int
  /// What was looked at and isn't finite.
  package let quantity: String
  /// Where in the network it begins, as far as can be told: `the parameter rnn.weight_hh_l0`.
  package var place: String?
  /// The file with the minibatch as text.
  package var report: String?
  /// Times that the run went back to a checkpoint before.
  package var rollbacks = 0

  package init(step: Int, epoch: Int, quantity: String) {
    self.step = step
    self.epoch = epoch
    self.quantity = quantity
  }

  package var exitCode: ExitCode { .diverged }

  /// What happened, without what to do.
  package var summary: String {
    var text = "training diverged at step \(step) (epoch \(epoch)): the \(quantity) is not finite"
    if let place { text += ", beginning with \(place)" }
    if let report { text += "; the minibatch is in \(report)" }
    return text
  }

  package var description: String {
    let remedies =
      "; no checkpoint is affected; lower training.optimizer.learning_rate, set training.clip_norm (lower), "
    return rollbacks == 0
      ? summary + remedies + "or let the run go back by itself by training.on_divergence=rollback"
      : summary + " after \(rollbacks) rollbacks" + remedies + "or raise training.rollbacks"
  }
}

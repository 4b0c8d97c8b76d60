import Configuration
import Files
import TensorBoard

/// What TensorBoard gets of a run, beside the metrics and after them: an event file that can't be written is reported, and
/// costs the run nothing else.
final class RunEvents {
  private var log: EventLog?
  private let report: (FileError) -> Void
  /// Whether what is wrong has been said, and nothing went well since.
  private var isReported = false

  /// - Parameters:
  ///   - step: where the run goes on; events of later steps are dropped.
  ///   - report: gets what can't be written.
  init(directory: OpenDirectory, resumingAt step: Int, report: @escaping (FileError) -> Void) {
    self.report = report
    do throws(FileError) {
      log = try EventLog(directory: directory, resumingAt: step)
    } catch {
      report(error)
    }
  }

  func trained(step: Int, loss: Double, gradientNorm: Double, learningRate: Double) {
    write(
      step: step, [("loss/train", loss), ("gradient_norm", gradientNorm), ("learning_rate", learningRate)])
  }

  /// - Parameter sample: what the model makes of its task.
  func finishedEpoch(step: Int, validation: (any Evaluation)?, sample: String?) {
    var scalars: [(String, Double)] = []
    if let validation {
      scalars.append(("loss/validation", validation.natsPerTarget))
      scalars.append(("\(validation.headline.name)/validation", validation.headline.value))
    }
    write(step: step, scalars, texts: sample.map { [("sample", $0)] } ?? [])
  }

  private func write(step: Int, _ scalars: [(String, Double)], texts: [(String, String)] = []) {
    // Only a file that takes nothing for years gets as far as an error.
    giveUpOnFailure { log throws(FileError) in try log.write(step: step, scalars: scalars, texts: texts) }
  }

  /// Waits until the disk has all events, before the checkpoint that a resumed run would not write them again after.
  func makeDurable() {
    do throws(FileError) {
      try log?.makeDurable()
      isReported = false
    } catch {
      if !isReported { report(error) }
      isReported = true
    }
  }

  /// Drops the events of all steps after one. Where that fails there are no more events: steps would be there twice.
  func rewind(to step: Int) {
    giveUpOnFailure { log throws(FileError) in try log.rewind(to: step) }
  }

  private func giveUpOnFailure(_ body: (EventLog) throws(FileError) -> Void) {
    guard let log else { return }
    do throws(FileError) {
      try body(log)
    } catch {
      report(error)
      self.log = nil
    }
  }
}

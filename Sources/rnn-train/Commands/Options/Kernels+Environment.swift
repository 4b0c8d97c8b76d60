import Compute
import Foundation

extension Kernels {
  /// The kernels that `RNN_TRAIN_ISA` names, else the fastest of this machine.
  static func chosen() throws(KernelError) -> Kernels {
    try named(ProcessInfo.processInfo.environment["RNN_TRAIN_ISA"])
  }
}

import CRevision
import Compute
import Diagnostics

/// What `--version` says.
enum ProgramVersion {
  static var text: String {
    let revision = String(cString: crevision())
    let all = Kernels.available.map(\.name)
    // A wrong RNN_TRAIN_ISA is for the commands that compute to complain about.
    let chosen = (try? Kernels.chosen())?.name ?? all[0]
    return """
      \(Version.name)\(revision.isEmpty ? "" : " (revision \(revision))")
      instruction set: \(chosen); this machine has \(all.joined(separator: ", "))
      """
  }
}

import CRevision
import Compute
import Diagnostics

enum ProgramVersion {
  /// The program's name and version, and its revision where the build was told.
  static var name: String {
    let revision = String(cString: crevision())
    return "\(Version.name)\(revision.isEmpty ? "" : " (revision \(revision))")"
  }

  /// What `--version` says.
  static var text: String {
    let all = Kernels.available.map(\.name)
    // A wrong RNN_TRAIN_ISA is for the commands that compute to complain about.
    let chosen = (try? Kernels.chosen())?.name ?? all[0]
    return """
      \(name)
      instruction set: \(chosen); this machine has \(all.joined(separator: ", "))
      """
  }
}

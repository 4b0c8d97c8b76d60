import CHDF5
import Foundation
import Testing

/// Files that crash the HDF5 library, or keep it busy without end: to the program they are damaged, no more.
struct HostileTests {
  private static let cases = [("crash", crash), ("endless", " is damaged: reading it comes to no end")]

  /// From 1.14 on the library itself sees that the file lies.
  private static let crash =
    (H5_VERS_MAJOR, H5_VERS_MINOR) < (1, 14)
    ? " is damaged: reading it crashes the HDF5 library"
    : ": / attribute format: can't read: ran off end of input buffer while decoding"

  /// The bytes of a file of the folder. Not every version of the library falls for them.
  private static func hostile(_ name: String, to file: String, in workspace: Workspace) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../HDF5Tests/Hostile").standardizedFileURL
    try FileManager.default.copyItem(
      at: folder.appendingPathComponent("\(name).h5"), to: workspace.directory.appendingPathComponent(file))
  }

  private static func expectRefusal(
    of arguments: [String], in workspace: Workspace, _ file: String, _ reason: String
  ) throws {
    // Should the program read the file itself, it must not do so for ever.
    let outcome = try workspace.start(arguments, through: ["timeout", "-s", "KILL", "120"]).wait()
    #expect(outcome.code == 65 && !outcome.wasKilled, "\(outcome)")
    #expect(outcome.errors == "rnn-train: \(file)\(reason)\n")
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: cases)
  func datasetsOfOtherPrograms(name: String, reason: String) throws {
    let workspace = try Workspace()
    try Self.hostile(name, to: "data.h5", in: workspace)
    try Self.expectRefusal(of: ["inspect", "data.h5"], in: workspace, "data.h5", reason)
    try workspace.write("data: {dataset: data.h5}\n", to: "own.cfg")
    try Self.expectRefusal(of: ["--config", "own.cfg"], in: workspace, workspace.path("data.h5"), reason)
    #expect(!workspace.exists("runs"))
  }

  /// Anybody can put a seal behind such a file.
  @Test(arguments: cases)
  func sealedOnes(name: String, reason: String) throws {
    let workspace = try Workspace()
    try Self.hostile(name, to: "sealed.h5", in: workspace)
    let seal = #"printf '\nrnn-train seal 1 sha256 %s length %019d\n' "#
    let values = #"$(sha256sum sealed.h5 | cut -c1-64) $(stat -c %s sealed.h5) >>sealed.h5"#
    #expect(try workspace.shell(seal + values) == 0)
    try Self.expectRefusal(of: ["inspect", "sealed.h5"], in: workspace, "sealed.h5", reason)
    try Self.expectRefusal(of: ["generate", "--checkpoint", "sealed.h5"], in: workspace, "sealed.h5", reason)
  }

  /// Nor does a name that begins like an option lead past the process that reads first.
  @Test func namesLikeOptions() throws {
    let workspace = try Workspace()
    try Self.hostile("crash", to: "-crash.h5", in: workspace)
    try Self.expectRefusal(of: ["inspect", "--", "-crash.h5"], in: workspace, "-crash.h5", Self.crash)
  }
}

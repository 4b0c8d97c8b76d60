import Foundation
import Testing

/// Files that crash the HDF5 library, or keep it busy without end: to the program they are damaged, no more.
struct HostileTests {
  private static let cases = [
    ("crash", "reading it crashes the HDF5 library"), ("endless", "reading it comes to no end"),
  ]

  /// The bytes of a file of the folder. Not every version of the library falls for them.
  private static func hostile(_ name: String, to file: String, in workspace: Workspace) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../HDF5Tests/Hostile").standardizedFileURL
    try FileManager.default.copyItem(
      at: folder.appendingPathComponent("\(name).h5"), to: workspace.directory.appendingPathComponent(file))
  }

  private static func expectRefusal(_ outcome: Outcome, _ file: String, _ reason: String) {
    #expect(outcome.code == 65 && !outcome.wasKilled, "\(outcome)")
    #expect(outcome.errors == "rnn-train: \(file) is damaged: \(reason)\n")
    #expect(outcome.output.isEmpty)
  }

  @Test(arguments: cases)
  func datasetsOfOtherPrograms(name: String, reason: String) throws {
    let workspace = try Workspace()
    try Self.hostile(name, to: "data.h5", in: workspace)
    Self.expectRefusal(try workspace.run(["inspect", "data.h5"]), "data.h5", reason)
    try workspace.write("data: {dataset: data.h5}\n", to: "own.cfg")
    Self.expectRefusal(try workspace.run(["--config", "own.cfg"]), workspace.path("data.h5"), reason)
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
    Self.expectRefusal(try workspace.run(["inspect", "sealed.h5"]), "sealed.h5", reason)
    Self.expectRefusal(try workspace.run(["generate", "--checkpoint", "sealed.h5"]), "sealed.h5", reason)
  }
}

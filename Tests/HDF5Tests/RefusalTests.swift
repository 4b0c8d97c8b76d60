import Files
import Foundation
import HDF5
import Testing

/// Files that nobody honest makes, and uses that don't fit a file.
@Suite struct RefusalTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Hostile")

  private static func path(_ name: String) -> String { folder.appendingPathComponent(name + ".h5").path }

  /// Every hostile file with the object that is to blame and what is wrong with it.
  private static let hostile: [(name: String, object: String, what: String)] = [
    ("checksum", "/x", "is compressed or filtered"),
    ("circle", "/a/b/a/b/a/b/a/b", "lies too deep"),
    ("compound", "/x", "holds compounds"),
    ("deep", "/a/b/c/d/e/f/g/h", "lies too deep"),
    ("empty-space", "/x", "has no values"),
    ("external-link", "/link", "is a link to another file"),
    ("external-storage", "/x", "has its values in another file"),
    ("fixed-strings", "/x", "holds strings of fixed length"),
    ("gzip", "/x", "is compressed or filtered"),
    ("half", "/x", "holds 16-bit floats of an unusual format"),
    ("named-type", "/x", "is neither a group nor a dataset"),
    ("references", "/", "has an attribute that holds references"),
    ("soft-link", "/link", "is a soft link"),
    ("unsigned", "/x", "holds 32-bit unsigned integers"),
    ("virtual", "/x", "is a virtual dataset"),
  ]

  @Test(arguments: hostile)
  func hostileFilesAreRefused(name: String, object: String, what: String) throws {
    let path = Self.path(name)
    #expect(throws: HDF5Error.forbidden(file: path, object: object, what: what)) {
      try HDF5File.open(path) { _ in }
    }
  }

  @Test(arguments: ["huge", "overflow"])
  func shapesBeyondTheFileAreRefused(name: String) throws {
    let error = #expect(throws: HDF5Error.self) { try HDF5File.open(Self.path(name)) { _ in } }
    #expect(error?.description.contains("too large for a file of") == true)
  }

  @Test func stringsBeyondTheFileAreRefused() throws {
    let path = Self.path("string-bomb")
    #expect(throws: HDF5Error.damaged(file: path, reason: "/x has more text than the file has bytes")) {
      try HDF5File.open(path) { root in try root.readStrings("x") }
    }
  }

  @Test func everyFileOfTheFolderIsCovered() throws {
    let files = try Directory.names(in: Self.folder.path).filter { $0.hasSuffix(".h5") }.map { $0.dropLast(3) }
    // The last two are for a process of their own, which the tests of the commands have.
    let others = ["honest", "huge", "overflow", "string-bomb", "crash", "endless"]
    #expect(Set(files.map(String.init)) == Set(Self.hostile.map(\.name) + others))
  }

  @Test func honestFilesOfOtherToolsAreRead() throws {
    let path = Self.path("honest")
    try HDF5File.open(path) { root throws in
      #expect(try root.stringAttribute("format") == "from h5py")
      #expect(try root.intAttribute("number") == 7)
      #expect(try root.doubleAttribute("ratio") == 0.5)
      #expect(try root.read("big_endian", as: Float.self) == [0, 1, 2, 3, 4, 5])
      #expect(try root.read("big_endian_ids", as: Int32.self) == [1, -2, 3])
      #expect(try root.read("growing", as: Float.self) == [0, 1, 2, 3, 4, 5])
      #expect(try root.readStrings("words") == ["größe", "", "日本"])
      #expect(try root.readText("text") == "seed: 1\n")
      #expect(throws: HDF5Error.invalidText(file: path, object: "/latin")) { try root.readStrings("latin") }
    }
    #expect(throws: HDF5Error.unsealed(file: path)) { try HDF5File.open(path, seal: .required) { _ in } }
  }

  /// Were an id left open on any of these ways out, closing the file would fail.
  @Test func misfitsAreNamedAndLeakNothing() throws {
    try HDF5File.open(bytes: sampleImage().bytes, named: "f") { root in
      let numbers = try root.group("numbers")
      func type(_ object: String, _ expected: String, _ found: String) -> HDF5Error {
        .wrongType(file: "f", object: object, expected: expected, found: found)
      }
      func refuses(_ error: HDF5Error, _ body: () throws -> Void) { #expect(throws: error, performing: body) }
      refuses(.missing(file: "f", object: "/x")) { _ = try root.group("x") }
      refuses(.missing(file: "f", object: "/numbers/x")) { _ = try numbers.read("x", as: Float.self) }
      refuses(.missing(file: "f", object: "/ attribute x")) { _ = try root.intAttribute("x") }
      refuses(type("/words", "a group", "a dataset")) { _ = try root.group("words") }
      refuses(type("/numbers", "a dataset", "a group")) { _ = try root.readText("numbers") }
      refuses(type("/numbers/ids", "32-bit floats", "32-bit integers")) {
        _ = try numbers.read("ids", as: Float.self)
      }
      refuses(type("/numbers/ids", "64-bit integers", "32-bit integers")) {
        _ = try numbers.read("ids", as: Int64.self)
      }
      refuses(type("/words", "32-bit floats", "strings of variable length")) {
        _ = try root.read("words", as: Float.self)
      }
      refuses(type("/numbers/ids", "strings of variable length", "32-bit integers")) {
        _ = try numbers.readStrings("ids")
      }
      refuses(type("/numbers/matrix.weight", "a list of strings", "an array of 2 dimensions")) {
        _ = try numbers.readStrings("matrix.weight")
      }
      refuses(.wrongShape(file: "f", object: "/words", expected: [], found: [5])) { _ = try root.readText("words") }
      refuses(type("/ attribute format", "one of 64-bit integers", "strings of variable length")) {
        _ = try root.intAttribute("format")
      }
      refuses(type("/ attribute loss", "strings of variable length", "64-bit floats")) {
        _ = try root.stringAttribute("loss")
      }
    }
  }

  /// A user can't tell a layout that is wrong from a damaged file without being told what to do.
  @Test func misfitsComeWithARemedy() {
    let misfits = [
      (HDF5Error.missing(file: "f", object: "/x"), "/x is missing"),
      (
        .wrongType(file: "f", object: "/x", expected: "a group", found: "a dataset"),
        "/x should be a group, but is a dataset"
      ),
      (
        .wrongShape(file: "f", object: "/x", expected: [2], found: [3, 1]),
        "/x should have the shape [2], but has [3, 1]"
      ),
    ]
    for (error, what) in misfits {
      #expect(
        error.description == "f: \(what); make it again with rnn-train, or mend the program that wrote it")
    }
  }

  @Test func misusesOfAnImageAreReportedAndLeakNothing() throws {
    let image = try HDF5Image.build { root in
      try root.setAttribute("a", 1)
      let group = try root.group("g")
      let misuses: [() throws -> Void] = [
        { try root.setAttribute("a", 2) },
        { _ = try root.group("g") },
        { _ = try root.group("missing/g") },
        { try group.writeText("x", "a\0b") },
        { try group.writeStrings("x", ["a", "\0"]) },
        { try group.write("x", shape: [2, 2], [1, 2, 3] as [Float]) },
        { try root.write("g", shape: [1], [1] as [Float]) },
      ]
      for misuse in misuses {
        let error = #expect(throws: HDF5Error.self, performing: misuse)
        #expect(error?.exitCode == .internalFault)
      }
    }
    try HDF5File.open(bytes: image.bytes, named: "f") { root throws in
      #expect(try root.children.map(\.name) == ["g"])
      #expect(try root.group("g").children == [])
    }
  }

  @Test func whatTheBodyThrowsComesThrough() throws {
    struct Refusal: Error {}
    let image = try sampleImage()
    #expect(throws: Refusal.self) { try HDF5File.open(bytes: image.bytes, named: "f") { _ in throw Refusal() } }
    #expect(throws: Refusal.self) { try HDF5Image.build { _ in throw Refusal() } }
  }

  /// A group that outlives its file is refused, not a crash.
  @Test func groupsEndWithTheirFile() throws {
    let group = try HDF5File.open(bytes: sampleImage().bytes, named: "f") { $0 }
    #expect(throws: HDF5Error.self) { try group.readText("config") }
  }
}

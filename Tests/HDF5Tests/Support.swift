import Files
import Foundation
import HDF5

/// Runs `body` with the path of a new, empty directory, which is removed afterwards.
func withTemporaryDirectory<R>(_ body: (String) throws -> R) throws -> R {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("hdf5-tests-\(UUID().uuidString)").path
  try Directory.create(path)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// A small image with something of everything.
func sampleImage() throws -> HDF5Image {
  try HDF5Image.build { root in
    try root.setAttribute("format", "a sample")
    try root.setAttribute("format_version", 1)
    try root.setAttribute("loss", 0.1)
    let numbers = try root.group("numbers")
    try numbers.write("matrix.weight", shape: [2, 3], [1.5, -2, 3, .pi, 5, -0.0] as [Float])
    try numbers.write("scalar", shape: [], [1e-300])
    try numbers.write("ids", shape: [4], [Int32.min, -1, 0, Int32.max])
    try numbers.write("offsets", shape: [2], [Int64.min, Int64.max])
    try numbers.write("none", shape: [0, 5], [Float]())
    try root.writeStrings("words", ["größe", "", "日本", "🙂", "a\nb"])
    try root.writeStrings("nothing", [])
    try root.writeText("config", "seed: 1\n# … and a long remark\n")
    try root.group("empty").setAttribute("note", "")
  }
}

/// What a program of the system prints; nil, with a note, where there is no such program.
func output(of program: String, _ arguments: String...) throws -> String? {
  let process = Process()
  let pipe = Pipe()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  try process.run()
  let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  if process.terminationStatus == 0 { return text }
  print("`\(program)` can't be run here: what it reads of our files is not tested.")
  return nil
}

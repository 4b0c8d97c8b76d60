import Files
import Foundation

/// Runs `body` with the path of a new, empty directory, which is removed afterwards.
func withTemporaryDirectory<R>(_ body: (String) throws -> R) throws -> R {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("files-tests-\(UUID().uuidString)").path
  try Directory.create(path)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// Writes a file the plain way.
func put(_ text: String, at path: String) throws {
  try text.write(toFile: path, atomically: false, encoding: .utf8)
}

func text(of path: String) throws -> String { String(decoding: try FileContents.read(path), as: UTF8.self) }

/// Starts a program of the system, its output thrown away.
func start(_ program: String, _ arguments: String...) throws -> Process {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  process.standardError = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  try process.run()
  return process
}

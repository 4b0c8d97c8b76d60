import Foundation
import Testing

/// The executable that maintainers use, which is built beside the test bundle.
struct EnglishCorpusCommandTests {
  @Test func writesACorpusAndJudgesIt() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "english-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let report = try output(of: ["--output", directory.path])
    #expect(report.contains("| test | 1000 | 9931 | 8.03 |"))
    let judgement = try output(of: ["--judge", directory.appending(path: "validation.txt").path])
    #expect(judgement == "1000 of 1000 sentences are grammatical\n")
  }

  /// What the program prints; it has to end well.
  private func output(of arguments: [String]) throws -> String {
    let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let process = Process()
    process.executableURL = URL(filePath: bundle).deletingLastPathComponent().appending(path: "english-corpus")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try #require(try pipe.fileHandleForReading.readToEnd())
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: output, as: UTF8.self)
  }
}

import ArgumentParser
import Diagnostics
import Files
import Foundation
import Presentation

/// A page's pictures as files, for a paper or a thesis.
struct FigureFiles {
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case svg, pdf, png
  }

  let directory: String
  let format: Format

  /// What every picture of a format begins with.
  private var beginning: [UInt8] {
    switch format {
    case .svg: Array("<svg ".utf8)
    case .pdf: Array("%PDF".utf8)
    case .png: [0x89, 0x50, 0x4E, 0x47]
    }
  }

  /// Writes the pictures, named by their headings. Only pictures of the format are replaced, and nothing is written where one
  /// of them can't be.
  ///
  /// - Returns: the paths written.
  func write(_ page: ReportPage) throws -> [String] {
    var taken: Set<String> = []
    let pictures = page.figures.map { figure in
      var (name, number) = (figure.name, 2)
      while !taken.insert(name).inserted {
        name = "\(figure.name)-\(number)"
        number += 1
      }
      return (path: Path.join(directory, "\(name).\(format.rawValue)"), svg: figure.picture.svg(style: .print))
    }
    try Directory.create(directory)
    for (path, _) in pictures {
      guard let old = try OutputOption.file(at: path), try !old.contents().starts(with: beginning) else { continue }
      throw OutputOption.refusal(path, "a file that isn't a picture")
    }
    let contents = try pictures.map { try content(of: $0.svg) }
    for (picture, content) in zip(pictures, contents) { try DurableFile.write(content, to: picture.path) }
    return pictures.map(\.path)
  }

  private func content(of svg: String) throws -> [UInt8] {
    switch format {
    case .svg: Array(svg.utf8)
    case .pdf: try Typesetter.convert(svg, ["--format", "pdf"])
    // Three pixels for one of a screen, for paper.
    case .png: try Typesetter.convert(svg, ["--format", "png", "--zoom", "3", "--background-color", "white"])
    }
  }
}

extension ReportPage {
  /// In the order of the page.
  var figures: [Figure] {
    sections.flatMap(\.panels).compactMap { panel in
      if case .figure(let figure) = panel { figure } else { nil }
    }
  }
}

/// The system's program that makes other pictures of SVG: librsvg's `rsvg-convert`.
private enum Typesetter {
  private static let program = "rsvg-convert"

  static func convert(_ svg: String, _ options: [String]) throws -> [UInt8] {
    guard let path = location else { throw FigureError.noTypesetter(program) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = options
    let (input, output, errors) = (Pipe(), Pipe(), Pipe())
    (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
    do {
      try process.run()
      // It reads all before it writes, and says little.
      try input.fileHandleForWriting.write(contentsOf: Data(svg.utf8))
      try input.fileHandleForWriting.close()
      let data = try output.fileHandleForReading.readToEnd() ?? Data()
      let message = try errors.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      guard process.terminationStatus == 0, !data.isEmpty else {
        throw FigureError.failed(program, String(decoding: message.prefix(500), as: UTF8.self))
      }
      return Array(data)
    } catch let error as FigureError {
      throw error
    } catch {
      throw FigureError.failed(program, error.localizedDescription)
    }
  }

  private static var location: String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
      .map { Path.join(String($0), program) }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

/// What keeps a picture from being made.
enum FigureError: DiagnosedError {
  case noTypesetter(String)
  case failed(String, String)

  var exitCode: Diagnostics.ExitCode { .noResources }

  var description: String {
    switch self {
    case .noTypesetter(let program):
      "pictures other than SVG need the program \(program), which isn't here; Debian has it in librsvg2-bin"
    case .failed(let program, let reason):
      "\(program) failed: \(reason.isEmpty ? "it made nothing" : reason.trimmingCharacters(in: .whitespacesAndNewlines))"
    }
  }
}

import Foundation
import Testing

/// Commands that look at a run while it saves a checkpoint at every step, and prunes as fast: each shows something that was
/// the case.
struct LookingTests {
  private struct Inspection: Decodable {
    struct Checkpoint: Decodable {
      let path: String
      let step: Int
      let bytes: Int
      let isLast: Bool
    }
    let checkpoints: [Checkpoint]
    let epoch: Int
    let epochs: Int
  }

  private static func inspect(_ workspace: Workspace) throws -> Inspection {
    let outcome = try workspace.succeed(["inspect", "run", "--json"])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Inspection.self, from: Data(outcome.output.utf8))
  }

  /// - Parameter settings: with a validation split the best checkpoint stays; without one nothing stays for long.
  @Test(arguments: [[], ["data.validation=null", "data.test=null"]])
  func besideARunThatSavesEveryStep(settings: [String]) throws {
    let workspace = try Workspace()
    let program = try workspace.start(
      [
        "--config", "lm.cfg", "--quiet", "--threads", "1", "training.epochs=1000000", "output.checkpoint_every=1",
        "output.keep=1",
      ] + settings)
    while !workspace.exists("run/checkpoints/last.h5"), program.isRunning { usleep(1000) }
    let begun = try Self.inspect(workspace)
    var steps = [begun.checkpoints.last?.step ?? -1]
    for _ in 0..<25 {
      let inspection = try Self.inspect(workspace)
      #expect(!inspection.checkpoints.isEmpty && inspection.epochs == 1_000_000)
      let newest = inspection.checkpoints.last
      #expect(newest?.isLast == true && inspection.checkpoints.count(where: \.isLast) == 1)
      #expect(inspection.checkpoints.allSatisfy { $0.bytes > 0 })
      steps.append(newest?.step ?? -1)
    }
    for _ in 0..<8 {
      let evaluation = try workspace.succeed(["evaluate", "--checkpoint", "run", "--split", "train", "--json"]).output
      #expect(try JSONSerialization.jsonObject(with: Data(evaluation.utf8)) is [String: Any])
      #expect(try !workspace.succeed(["generate", "--checkpoint", "run", "--length", "5"]).output.isEmpty)
      try workspace.succeed(["report", "run", "--output", "report.html"])
      let page = try workspace.text("report.html")
      #expect(page.hasSuffix("</html>\n") && !page.contains("can\u{2019}t be"), "what can't be shown")
    }
    #expect(steps == steps.sorted() && (steps.last ?? 0) > (steps.first ?? 0), "\(steps)")
    program.send(SIGTERM)
    #expect(try program.wait().code == 143)
  }
}

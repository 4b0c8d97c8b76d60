import Foundation
import FoundationXML
import Testing

/// How far gradients reach, as a user sees it.
struct GradientFlowCommandTests {
  private struct Flow: Decodable {
    struct State: Decodable {
      struct Point: Decodable {
        let lag: Int
        let norm: Double
      }
      let name: String
      let norms: [[Double]]
      let curve: [Point]
    }
    let timesteps: Int
    let sequences: Int
    let split: String
    let states: [State]
  }

  private static func flow(_ workspace: Workspace, _ arguments: [String]) throws -> Flow {
    let outcome = try workspace.succeed(["inspect", "--gradient-flow", "run", "--json"] + arguments)
    return try JSONDecoder().decode(Flow.self, from: Data(outcome.output.utf8))
  }

  @Test func aLanguageModelsFlow() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "model.cell=lstm", "model.layers=2"])
    let arguments = ["--timesteps", "12", "--sequences", "4", "--windows", "3"]
    let flow = try Self.flow(workspace, arguments)
    #expect(flow.states.map(\.name) == ["h_l0", "c_l0", "h_l1", "c_l1"])
    #expect(flow.timesteps == 12 && flow.sequences == 12 && flow.split == "validation")
    for state in flow.states {
      #expect(state.curve.map(\.lag) == Array(0..<12))
      for (t, row) in state.norms.enumerated() {
        #expect(row.count == 12)
        #expect(row[...t].allSatisfy { $0 > 0 } && row[(t + 1)...].allSatisfy { $0 == 0 }, "\(state.name), t = \(t)")
      }
    }
    let same = try Self.flow(workspace, arguments + ["--threads", "1"])
    #expect(same.states.map(\.norms) == flow.states.map(\.norms))

    let outcome = try workspace.succeed(
      ["inspect", "--gradient-flow", "run", "--timesteps", "16", "--output", "flow.svg"])
    #expect(outcome.output.contains("\nt - k "))
    #expect(outcome.output.contains("training.bptt=8"))
    #expect(outcome.errors == ["", "-h_l0", "-c_l0", "-h_l1", "-c_l1"].map { "wrote flow\($0).svg\n" }.joined())
    for state in ["", "-h_l0", "-c_l0", "-h_l1", "-c_l1"] {
      let picture = try workspace.bytes("flow\(state).svg")
      #expect(XMLParser(data: picture).parse(), "flow\(state).svg")
    }
    let quiet = try workspace.succeed(["inspect", "--gradient-flow", "run", "--output", "flow.svg", "--quiet"])
    #expect(quiet.errors.isEmpty)
  }

  @Test func aTaggersFlowGoesBothWays() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "tagger.cfg"])
    let flow = try Self.flow(workspace, ["--timesteps", "9", "--sequences", "5"])
    #expect(flow.states.count == 8)
    #expect(flow.states.contains { $0.name == "c_l1_reverse" })
    #expect((2...9).contains(flow.timesteps))
    let first = try #require(flow.states.first { $0.name == "h_l0" })
    #expect(first.curve.map(\.lag) == Array(1 - flow.timesteps..<flow.timesteps))
    // Later words reach earlier ones through the second layer.
    #expect(first.norms[0][1] > 0)
    let last = try #require(flow.states.first { $0.name == "h_l1" })
    #expect(last.norms[0][1] == 0 && last.norms[1][0] > 0)
    #expect(try workspace.succeed(["inspect", "--gradient-flow", "run"]).output.contains("A tag is learnt from words"))
  }

  @Test(arguments: [
    (["inspect", "run", "--timesteps", "9"], Int32(64), "are for --gradient-flow"),
    (["inspect", "--gradient-flow", "run", "--timesteps", "1"], 64, "expected a number from 2 to 1024"),
    (["inspect", "--gradient-flow", "run", "--output", "flow.png"], 64, "expected a name that ends in .svg"),
    (["inspect", "--gradient-flow", "lm.cfg"], 65, "lm.cfg"),
  ])
  func mistakes(arguments: [String], code: Int32, message: String) throws {
    let outcome = try Workspace().run(arguments)
    #expect(outcome.code == code)
    #expect(outcome.errors.contains(message), "\(outcome)")
  }
}

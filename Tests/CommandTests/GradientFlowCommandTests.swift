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
    struct Sum: Decodable {
      let name: String
      let relativeDifference: Double
    }
    struct Output: Decodable {
      let name: String
      let norms: [Double]
    }
    let timesteps: Int
    let sequences: Int
    let split: String
    let states: [State]
    let weights: [State]
    let sums: [Sum]
    let output: Output?
    let with: [Flow]?
  }

  private static func flow(_ workspace: Workspace, _ arguments: [String]) throws -> Flow {
    let outcome = try workspace.succeed(["inspect", "--gradient-flow", "run", "--json"] + arguments)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Flow.self, from: Data(outcome.output.utf8))
  }

  @Test func aLanguageModelsFlow() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg", "model.cell=lstm", "model.layers=2"])
    let arguments = ["--timesteps", "12", "--sequences", "4", "--windows", "3"]
    let flow = try Self.flow(workspace, arguments)
    #expect(flow.states.map(\.name) == ["h_l0", "c_l0", "h_l1", "c_l1"])
    #expect(flow.timesteps == 12 && flow.sequences == 12 && flow.split == "validation")
    let weights = ["rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.weight_ih_l1", "rnn.weight_hh_l1"]
    #expect(flow.weights.map(\.name) == weights && flow.sums.map(\.name) == weights)
    #expect(flow.sums.allSatisfy { $0.relativeDifference < 1e-5 })
    let output = try #require(flow.output)
    #expect(output.name == "decoder.weight" && output.norms.count == 12 && output.norms.allSatisfy { $0 > 0 })
    for state in flow.states + flow.weights {
      #expect(state.curve.map(\.lag) == Array(0..<12))
      for (t, row) in state.norms.enumerated() {
        #expect(row.count == 12)
        #expect(row[...t].allSatisfy { $0 > 0 } && row[(t + 1)...].allSatisfy { $0 == 0 }, "\(state.name), t = \(t)")
      }
    }
    let same = try Self.flow(workspace, arguments + ["--threads", "1"])
    #expect((same.states + same.weights).map(\.norms) == (flow.states + flow.weights).map(\.norms))

    let outcome = try workspace.succeed(
      ["inspect", "--gradient-flow", "run", "--timesteps", "16", "--output", "flow.svg"])
    #expect(outcome.output.contains("\nt - k "))
    #expect(outcome.output.contains("training.bptt=8"))
    let pictures = ["", "-h_l0", "-c_l0", "-h_l1", "-c_l1"] + weights.map { "-\($0)" } + ["-decoder.weight"]
    #expect(outcome.errors == pictures.map { "wrote flow\($0).svg\n" }.joined())
    for name in pictures {
      let picture = try workspace.bytes("flow\(name).svg")
      #expect(XMLParser(data: picture).parse(), "flow\(name).svg")
    }
    let quiet = try workspace.succeed(["inspect", "--gradient-flow", "run", "--output", "flow.svg", "--quiet"])
    #expect(quiet.errors.isEmpty)
  }

  @Test func twoRunsBesideEachOther() throws {
    let workspace = try Workspace()
    try workspace.succeed(["--config", "lm.cfg"])
    try workspace.succeed(["--config", "lm.cfg", "model.cell=lstm", "output.directory=lstm"])
    let flow = try Self.flow(workspace, ["--with", "lstm", "--timesteps", "12"])
    #expect(flow.states.map(\.name) == ["h_l0"])
    #expect(flow.with?.map { $0.states.map(\.name) } == [["h_l0", "c_l0"]])
    let alone = try Self.flow(workspace, ["--timesteps", "12"])
    #expect(alone.with == nil && alone.states.map(\.norms) == flow.states.map(\.norms))

    let arguments = ["inspect", "--gradient-flow", "run", "--with", "lstm", "--timesteps", "12", "--output", "two.svg"]
    let outcome = try workspace.succeed(arguments)
    #expect(outcome.output.contains("t - k run h_l0 lstm h_l0 lstm c_l0\n"))
    #expect(outcome.output.contains(/\nlstm c_l0 +x \d\.\d+ a timestep/))
    let picture = String(decoding: try workspace.bytes("two.svg"), as: UTF8.self)
    for name in ["run h_l0", "lstm h_l0", "lstm c_l0", "1 %"] {
      #expect(picture.contains(">\(name)"), "\(name)")
    }
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
    (["inspect", "run", "--with", "other"], 64, "are for --gradient-flow"),
  ])
  func mistakes(arguments: [String], code: Int32, message: String) throws {
    let outcome = try Workspace().run(arguments)
    #expect(outcome.code == code)
    #expect(outcome.errors.contains(message), "\(outcome)")
  }
}

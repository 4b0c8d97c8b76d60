import Compute
import Exports
import Files
import Foundation
import Models
import Testing

/// What is written comes back, and nothing else is read.
@Suite struct SafetensorsTests {
  @Test func modelsComeBackToTheBit() throws {
    for exported in try exampleModels() + [taggerModel(ConditionalRandomField())] {
      try withTemporaryFile { path in
        try Safetensors().write(exported, to: path)
        let read = try SafetensorsFile(InputFile(path)).model(kernels: Kernels.available[0])
        #expect(read.origin == exported.origin)
        let (model, found) = (exported.model, read.model)
        #expect(found.parameters.shape == model.parameters.shape)
        #expect(found.vocabulary == model.vocabulary && found.tokenization == model.tokenization)
        #expect(found.tagging == model.tagging && found.direction == model.direction)
        for parameter in model.parameters.layout.parameters {
          #expect(
            found.parameters.layout.elements(of: parameter, in: found.parameters.values)
              == model.parameters.layout.elements(of: parameter, in: model.parameters.values), "\(parameter.name)")
        }
      }
    }
  }

  @Test func dataBeginsAtAMultipleOfEight() throws {
    let bytes = try contents(Safetensors().parts(of: taggerModel()))
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length % 8 == 0 && bytes[8] == UInt8(ascii: "{") && bytes[7 + length] != 0)
  }

  @Test func nothingButAnExportIsReplaced() throws {
    let model = try taggerModel()
    try withTemporaryFile { path in
      try DurableFile.write(Array("a corpus of many sentences".utf8), to: path)
      #expect(throws: ExportError.occupied(file: path, format: "safetensors")) {
        try Safetensors().write(model, to: path)
      }
      try DurableFile.write([], to: path + ".empty")
      defer { try? FileManager.default.removeItem(atPath: path + ".empty") }
      #expect(throws: ExportError.occupied(file: path + ".empty", format: "safetensors")) {
        try Safetensors().write(model, to: path + ".empty")
      }
    }
    try withTemporaryFile { path in
      for _ in 0..<2 { try Safetensors().write(model, to: path) }
    }
  }

  // MARK: hostile files

  /// A file of a header and so many zeros.
  private func open(_ header: String, data: Int, length: UInt64? = nil) throws -> SafetensorsFile {
    try withTemporaryFile { path in
      let number = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Array($0) }
      try DurableFile.write(number + Array(header.utf8) + [UInt8](repeating: 0, count: data), to: path)
      return try SafetensorsFile(InputFile(path))
    }
  }

  @Test func readsWhatOtherProgramsWrite() throws {
    let file = try open(
      #"{"b":{"dtype":"I64","shape":[],"data_offsets":[8,16]},"a":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}  "#,
      data: 16)
    #expect(file.metadata.isEmpty)
    _ = try open(#"{"e":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"__metadata__":{"x":"y"}}"#, data: 0)
  }

  @Test(
    arguments: [
      // Overlap, gap, past the end, short of it, backwards.
      (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
        12
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#,
        12
      ),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 12),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#, 8),
      // A shape that isn't that of the bytes, negative, or more than a number holds.
      (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
      (#"{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#, 8),
      (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, 0),
      (#"{"a":{"dtype":"F32","shape":[1e300],"data_offsets":[0,8]}}"#, 8),
      (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 8),
      // Not what a tensor or metadata is.
      (#"{"a":{"dtype":"Q4","shape":[2],"data_offsets":[0,8]}}"#, 8),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}"#, 8),
      (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8),
      (#"{"a":[]}"#, 8), (#"{"__metadata__":{"a":1}}"#, 0), ("[]", 0), ("{", 0), (#"{"a":"#, 0), ("{\"\u{0}\":{}}", 0),
      (String(repeating: #"{"a":"#, count: 5000), 0),
    ] as [(String, Int)])
  func refusesHeadersThatMakeNoSense(header: String, data: Int) throws {
    #expect(throws: ExportError.self) { try open(header, data: data) }
  }

  @Test func refusesLengthsThatTheFileHasnt() throws {
    #expect(throws: ExportError.self) { try open("{}", data: 0, length: 3) }
    #expect(throws: ExportError.self) { try open("{}", data: 0, length: .max) }
    #expect(throws: ExportError.self) { try open("{}", data: 0, length: 1 << 62) }
    #expect(throws: ExportError.self) { try open("{}", data: 0, length: 0) }
    #expect(throws: ExportError.self) { try open("", data: 0, length: 0) }
    try withTemporaryFile { path in
      try DurableFile.write([1, 0, 0], to: path)
      #expect(throws: ExportError.self) { try SafetensorsFile(InputFile(path)) }
    }
  }

  /// A sound file whose metadata or tensors are no model's.
  @Test(
    arguments: [
      ("tokens", nil), ("tokens", "[]"), ("tokens", "{"), ("tokens", #"["a", "a"]"#), ("tokens", #"["<unk>", "a"]"#),
      ("tags", "[]"), ("tags", #"["X", "X", "Y"]"#), ("tag_column", "DEPREL"), ("characters", #"["a"]"#),
      ("training_words", nil), ("tokenization", "byte"), ("tokenization", "bpe"), ("model.hidden", "7"),
      ("model.hidden", nil),
      ("model.hidden", "-1"), ("model.hidden", "[]"), ("model.hidden", "[6, 7]"), ("model.hidden", "[6, 0]"),
      ("model.hidden", "99999999999999999999"), ("model.cell", "transformer"),
      ("model.cell", "[a]"), ("model.cell.a.b", "c"), ("model.a.b.c.d.e", "c"), ("model.layers", "64"),
      ("model.layers", "65"),
      ("model.output.kind", "adaptive"), ("model.tie_embeddings", "true"),
      ("model.characters.hidden", nil), ("model.colour", "red"), ("config", nil),
    ] as [(String, String?)])
  func refusesWhatIsNoModel(name: String, text: String?) throws {
    let parts = try Safetensors().parts(of: taggerModel()).map { contents([$0]) }
    let json = try #require(try JSONSerialization.jsonObject(with: Data(parts[0][8...])) as? [String: Any])
    var metadata = try #require(json["__metadata__"] as? [String: String])
    metadata[name] = text
    let header = try JSONSerialization.data(withJSONObject: json.merging(["__metadata__": metadata]) { $1 })
    try withTemporaryFile { path in
      let number = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
      try DurableFile.write(number + Array(header) + parts[1...].joined(), to: path)
      let file = try SafetensorsFile(InputFile(path))
      #expect(throws: ExportError.self) { try file.model(kernels: Kernels.available[0]) }
    }
  }
}

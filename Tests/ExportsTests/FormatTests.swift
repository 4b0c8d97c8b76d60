import Compute
import Datasets
import Exports
import Files
import Foundation
import Inference
import Models
import Testing

/// What all formats have in common. That others read them, `Tests/Exports/check.py` sees to.
@Suite struct FormatTests {
  @Test func exportsAreTheSameEachTimeAndKnownAgain() throws {
    for model in try exampleModels() {
      for format in ModelFormats.all {
        let bytes = try contents(format.parts(of: model))
        #expect(try contents(format.parts(of: model)) == bytes, "\(format.name)")
        #expect(try format.parts(of: model).map(\.byteCount).reduce(0, +) == bytes.count)
        for other in ModelFormats.all {
          #expect(other.recognizes(Array(bytes.prefix(16))) == (other.name == format.name), "\(other.name)")
        }
      }
    }
  }

  @Test(
    arguments: [
      [], [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], Array("{\"a\": 1}".utf8), Array("seed: 1\n".utf8),
    ] as [[UInt8]])
  func nothingElseIsTakenForOne(start: [UInt8]) {
    for format in ModelFormats.all { #expect(!format.recognizes(start), "\(format.name)") }
  }

  @Test func whatAFormatCannotSayIsRefusedBeforeAnythingIsWritten() throws {
    let shape = ModelShape(vocabulary: 2, embedding: 3, cell: Peephole(), hidden: 4, layers: 1, classes: 2)
    let model = ExportedModel(
      TrainedModel(
        Parameters(shape, kernels: Kernels.available[0]), vocabulary: Vocabulary(tokens: ["<unk>", "a"]),
        tokenization: .word, tagging: nil),
      from: ModelOrigin(task: "language-model", configuration: "", checkpointSHA256: ""))
    try withTemporaryFile { (path) throws in
      let error = #expect(throws: ExportError.self) { try ONNX().write(model, to: path) }
      #expect(error?.description.contains("peephole") == true && error?.exitCode == .badInput)
      #expect(try InputFile.ifThere(path) == nil)
    }
  }

  /// A cell that no operator of ONNX is.
  private struct Peephole: CellKind {
    var name: String { "peephole" }
    var gates: [Gate] { [Gate("z")] }
    func makeCell(_ memory: CellMemory, kernels: Kernels) -> any Cell {
      Elman(.tanh).makeCell(memory, kernels: kernels)
    }
  }

  /// The values that the catalogue of checksums gives for these nine bytes.
  @Test func checksums() {
    #expect(CRC32.zip.checksum("123456789".utf8) == 0xCBF4_3926)
    #expect(CRC32.castagnoli.checksum("123456789".utf8) == 0xE306_9283)
    #expect(CRC32.zip.checksum("6789".utf8, before: CRC32.zip.checksum("12345".utf8)) == 0xCBF4_3926)
  }

  /// Every local header stands where the directory says, and elements at multiples of 64 bytes.
  @Test func archivesOfPyTorchAreAligned() throws {
    let bytes = try contents(PyTorchArchive().parts(of: taggerModel()))
    func number(_ place: Int, _ count: Int) -> Int {
      bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let end = bytes.count - 22
    var entry = number(end + 16, 4)
    var names: [String] = []
    for _ in 0..<number(end + 10, 2) {
      let (nameLength, header) = (number(entry + 28, 2), number(entry + 42, 4))
      let name = String(decoding: bytes[entry + 46..<entry + 46 + nameLength], as: UTF8.self)
      #expect(Array(bytes[header..<header + 4]) == [0x50, 0x4B, 3, 4] && number(header + 26, 2) == nameLength)
      let content = header + 30 + nameLength + number(header + 28, 2)
      if name.hasPrefix("model/data/") { #expect(content % 64 == 0, "\(name)") }
      #expect(CRC32.zip.checksum(bytes[content..<content + number(entry + 20, 4)]) == UInt32(number(entry + 16, 4)))
      names.append(name)
      entry += 46 + nameLength
    }
    #expect(entry == end && names.contains("model/data.pkl") && names.contains("model/version"))
  }
}

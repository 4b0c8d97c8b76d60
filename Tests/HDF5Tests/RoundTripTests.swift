import Diagnostics
import Files
import Foundation
import HDF5
import Testing

@Suite struct RoundTripTests {
  @Test func everythingComesBackFromTheDisk() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/sample.h5"
      try sampleImage().save(to: path)
      try HDF5File.open(path, seal: .required) { root in
        #expect(try root.stringAttribute("format") == "a sample")
        #expect(try root.intAttribute("format_version") == 1)
        #expect(try root.doubleAttribute("loss") == 0.1)
        let numbers = try root.group("numbers")
        #expect(try numbers.shape(of: "matrix.weight") == [2, 3])
        #expect(try numbers.read("matrix.weight", as: Float.self) == [1.5, -2, 3, .pi, 5, -0.0])
        #expect(try numbers.read("matrix.weight", as: Float.self)[5].sign == .minus)
        #expect(try numbers.shape(of: "scalar") == [])
        #expect(try numbers.read("scalar") == [1e-300])
        #expect(try numbers.read("ids", as: Int32.self) == [.min, -1, 0, .max])
        #expect(try numbers.read("offsets", as: Int64.self) == [.min, .max])
        #expect(try numbers.shape(of: "none") == [0, 5])
        #expect(try numbers.read("none", as: Float.self) == [])
        #expect(try root.readStrings("words") == ["größe", "", "日本", "🙂", "a\nb"])
        #expect(try root.readStrings("nothing") == [])
        #expect(try root.readText("config") == "seed: 1\n# … and a long remark\n")
        #expect(try root.group("empty").stringAttribute("note") == "")
        #expect(try root.contains("words") && !root.contains("numbers.ids"))
        #expect(try root.hasAttribute("loss") && !root.hasAttribute("gain"))
      }
    }
  }

  @Test func childrenTellWhatThereIs() throws {
    try HDF5File.open(bytes: sampleImage().bytes, named: "sample") { root throws in
      #expect(
        try root.children == [
          .init(name: "config", kind: .dataset(type: "strings of variable length", shape: [])),
          .init(name: "empty", kind: .group),
          .init(name: "nothing", kind: .dataset(type: "strings of variable length", shape: [0])),
          .init(name: "numbers", kind: .group),
          .init(name: "words", kind: .dataset(type: "strings of variable length", shape: [5])),
        ])
      #expect(
        try root.group("numbers").children.map(\.kind) == [
          .dataset(type: "32-bit integers", shape: [4]),
          .dataset(type: "32-bit floats", shape: [2, 3]),
          .dataset(type: "32-bit floats", shape: [0, 5]),
          .dataset(type: "64-bit integers", shape: [2]),
          .dataset(type: "64-bit floats", shape: []),
        ])
    }
  }

  @Test func imagesAreTheSameBytesEachTime() throws {
    let first = try sampleImage().bytes
    // Other uses of the memory between them must not show.
    let large = try HDF5Image.build { root in
      try root.write("x", shape: [1 << 20], [Float](repeating: 7, count: 1 << 20))
      try root.writeStrings("words", (0..<10_000).map { "word \($0)" })
    }
    #expect(try sampleImage().bytes == first)
    #expect(try large.bytes.count > 4 << 20)
  }

  @Test func theFileIsTheImage() throws {
    try withTemporaryDirectory { directory in
      let image = try sampleImage()
      try image.save(to: "\(directory)/once.h5")
      // Its memory belongs to the library, which others use meanwhile.
      let other = try HDF5Image.build { try $0.write("x", shape: [1 << 20], [Float](repeating: 7, count: 1 << 20)) }
      try image.save(to: "\(directory)/twice.h5")
      #expect(try FileContents.read("\(directory)/once.h5") == image.bytes)
      #expect(try FileContents.read("\(directory)/twice.h5") == image.bytes)
      #expect(try other.bytes.count > 4 << 20)
    }
  }

  /// Large ones are fetched part by part, when the file is written.
  @Test func rowsComeBackWhereverTheyWere() throws {
    try withTemporaryDirectory { directory in
      func value(_ index: Int) -> Float { Float(index) * 0.5 - 1000 }
      func rows(of size: Int) -> (Range<Int>) -> [Float] {
        { ($0.lowerBound * size..<$0.upperBound * size).map(value) }
      }
      var asked: [Range<Int>] = []
      let image = try HDF5Image.build { root in
        try root.write("small", shape: [7, 3], rows: rows(of: 3))
        try root.write("large", shape: [2001, 333]) { range in
          asked.append(range)
          return rows(of: 333)(range)
        }
        // A row that is larger than a part.
        try root.write("wide", shape: [2, 300_000], rows: rows(of: 300_000))
        try root.write("none", shape: [0, 3], rows: rows(of: 3))
        try root.writeText("between", "text")
        try root.write("vector", shape: [700_001], rows: rows(of: 1))
      }
      #expect(asked.isEmpty, "not before the file is written")
      let path = "\(directory)/rows.h5"
      try image.save(to: path)
      #expect(asked.count > 1 && asked.flatMap { Array($0) } == Array(0..<2001))
      #expect(try FileContents.read(path) == image.bytes)
      try HDF5File.open(path, seal: .required) { root throws in
        for (name, shape) in [
          ("small", [7, 3]), ("large", [2001, 333]), ("wide", [2, 300_000]), ("none", [0, 3]), ("vector", [700_001]),
        ] {
          #expect(try root.shape(of: name) == shape)
          #expect(try root.read(name, as: Float.self) == (0..<shape.reduce(1, *)).map(value), "\(name)")
        }
        #expect(try root.readText("between") == "text")
      }
    }
  }

  /// What is read later is read from the file, as long as it is the same.
  @Test func storedNumbersAreReadWhenTheyAreWanted() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/numbers.h5"
      let count = 300_000
      let image = try HDF5Image.build { root in
        try root.write("ids", shape: [count]) { rows in rows.map { UInt16($0 % 60_000) } }
        try root.write("none", shape: [0], [Int64]())
      }
      try image.save(to: path)
      let stored = try HDF5File.open(path) { root throws in
        #expect(try root.storedNumbers("none", as: Int64.self) == nil)
        #expect(throws: HDF5Error.self) { try root.storedNumbers("ids", as: Int32.self) }
        return try root.storedNumbers("ids", as: UInt16.self)
      }
      let ids = try #require(stored)
      func read(_ range: Range<Int>) throws -> [UInt16] {
        var values = [UInt16](repeating: 0, count: range.count)
        try values.withUnsafeMutableBytes { try ids.read(range, into: $0) }
        return values
      }
      for range in [0..<0, 0..<5, 59_998..<60_003, count - 1..<count, 0..<count] {
        #expect(try read(range) == range.map { UInt16($0 % 60_000) })
      }
      // Another file at its path is another file; one that is written to is the same, with other contents.
      try HDF5Image.build { try $0.setAttribute("n", 1) }.save(to: path)
      #expect(try read(7..<9) == [7, 8])
      try image.save(to: path)
      let opened = try HDF5File.open(path) { try $0.storedNumbers("ids", as: UInt16.self) }
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.seek(toOffset: 4000)
      try handle.write(contentsOf: [1])
      #expect(throws: FileError.changed(path: path)) {
        try opened?.read(0..<1, into: .allocate(byteCount: 2, alignment: 2))
      }
      try handle.truncate(atOffset: 3000)
      #expect(throws: FileError.changed(path: path)) {
        try opened?.read(count - 1..<count, into: .allocate(byteCount: 2, alignment: 2))
      }
    }
  }

  @Test func manyStringsAndObjects() throws {
    let words = (0..<50_000).map { String(repeating: "wört", count: $0 % 7) + String($0) }
    let image = try HDF5Image.build { root in
      try root.writeStrings("words", words)
      try root.writeText("text", words.joined(separator: "\n"))
      for i in 0..<300 { try root.write("x\(i)", shape: [1], [Int32(i)]) }
    }
    try HDF5File.open(bytes: image.bytes, named: "many") { root throws in
      #expect(try root.readStrings("words") == words)
      #expect(try root.readText("text") == words.joined(separator: "\n"))
      #expect(try root.children.count == 302)
      #expect(try root.read("x299", as: Int32.self) == [299])
    }
  }

  @Test func readsIntoGivenMemory() throws {
    try HDF5File.open(bytes: sampleImage().bytes, named: "sample") { root in
      let numbers = try root.group("numbers")
      var values = [Float](repeating: 0, count: 6)
      try values.withUnsafeMutableBufferPointer { try numbers.read("matrix.weight", into: $0, shape: [2, 3]) }
      #expect(values == [1.5, -2, 3, .pi, 5, -0.0])
      #expect(
        throws: HDF5Error.wrongShape(
          file: "sample", object: "/numbers/matrix.weight", expected: [3, 2], found: [2, 3])
      ) {
        try values.withUnsafeMutableBufferPointer { try numbers.read("matrix.weight", into: $0, shape: [3, 2]) }
      }
    }
  }

  @Test func filesInFilesAndThreads() async throws {
    // Two open files, one within the other, on each of several threads.
    let bytes = try sampleImage().bytes
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<20 {
            try HDF5File.open(bytes: bytes, named: "outer") { outer in
              let copy = try HDF5Image.build { root in
                try HDF5File.open(bytes: bytes, named: "inner") { inner in
                  try root.writeStrings("words", inner.readStrings("words"))
                }
                try root.writeText("config", outer.readText("config"))
              }
              #expect(try copy.bytes.count > 1000)
              #expect(throws: HDF5Error.missing(file: "outer", object: "/x")) { try outer.readText("x") }
            }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func otherToolsReadSealedFiles() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/sample.h5"
      try sampleImage().save(to: path)
      if let dump = try output(of: "h5dump", path) {
        #expect(dump.contains("\"a sample\""))
        #expect(dump.contains("(0,0): 1.5, -2, 3,"))
        #expect(dump.contains("H5T_IEEE_F32LE"))
      }
      let script = """
        import h5py
        f = h5py.File('\(path)', 'r')
        w = f['numbers/matrix.weight']
        print(w.shape, w.dtype, w[0, 1], f['words'][2].decode(), f.attrs['format'], f.attrs['format_version'])
        print(repr(f['config'][()].decode()), f['numbers/scalar'][()], f['numbers/ids'][()].tolist())
        """
      if let printed = try output(of: "python3", "-c", script) {
        #expect(
          printed == """
            (2, 3) float32 -2.0 日本 a sample 1
            'seed: 1\\n# … and a long remark\\n' 1e-300 [-2147483648, -1, 0, 2147483647]

            """)
      }
    }
  }
}

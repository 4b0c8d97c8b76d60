/// Kinds of files that people take for text, by what they begin with.
package enum BinaryKind: Sendable, Equatable, CaseIterable {
  case bzip2, zip, tar, hdf5, pdf, word2vec

  /// Bytes of a file's beginning that are enough to tell.
  static let prefixLength = 512

  /// - Parameter beginning: the file's first bytes.
  init?(_ beginning: some Collection<UInt8>) {
    let kind = Self.allCases.first { kind in
      kind.signature.map { beginning.dropFirst($0.offset).starts(with: $0.bytes) } ?? Self.isHeaderOfVectors(beginning)
    }
    guard let kind else { return nil }
    self = kind
  }

  /// What all files of the kind have near their beginning; nil where there is nothing of the sort.
  private var signature: (offset: Int, bytes: [UInt8])? {
    switch self {
    case .bzip2: (0, Array("BZh".utf8))
    case .zip: (0, Array("PK\u{3}\u{4}".utf8))
    case .tar: (257, Array("ustar".utf8))
    case .hdf5: (0, [0x89] + Array("HDF\r\n\u{1A}\n".utf8))
    case .pdf: (0, Array("%PDF-".utf8))
    case .word2vec: nil
    }
  }

  /// Whether a line of two numbers comes first, words and width, and no line of a text behind it.
  private static func isHeaderOfVectors(_ beginning: some Collection<UInt8>) -> Bool {
    guard let end = beginning.firstIndex(of: UInt8(ascii: "\n")) else { return false }
    let fields = beginning[..<end].split(separator: UInt8(ascii: " "))
    guard fields.count == 2, fields.allSatisfy({ Int(String(decoding: $0, as: UTF8.self)) != nil }) else {
      return false
    }
    let rest = beginning[end...].dropFirst()
    let isText =
      rest.contains(UInt8(ascii: "\n")) && !rest.contains { $0 < UInt8(ascii: " ") && !"\t\n\r".utf8.contains($0) }
    return !isText
  }

  /// What it is, and what makes text of it.
  ///
  /// - Parameter path: the file's.
  func remedy(_ path: String) -> String {
    switch self {
    case .bzip2: "it is compressed by bzip2; unpack it first: bzip2 -dk \(path)"
    case .zip:
      "it is a zip archive, as PyTorch's .pt files and office documents are; a text in it is unpacked by: unzip \(path)"
    case .tar: "it is a tar archive; unpack it first, and name the directory: tar -xf \(path)"
    case .hdf5:
      "it is an HDF5 file, not a text; a dataset that `rnn-train prepare` has made is named by data.dataset, a checkpoint by "
        + "--checkpoint"
    case .pdf: "it is a PDF document; take its text out first: pdftotext \(path)"
    case .word2vec:
      "it holds word vectors in word2vec's binary format; write them as text first (gensim: save_word2vec_format(FILE, "
        + "binary=False))"
    }
  }
}

extension CorpusRecord {
  /// Reads text files as one text, in one pass.
  ///
  /// At word and whitespace level a line is a sentence, and an empty line none; a file's last line needs no newline.
  /// At character level every character counts, empty lines included, and nothing is put in between files.
  package static func read(
    _ paths: [String], _ tokenization: Tokenization, chunkSize: Int = TextReader.defaultChunkSize
  ) throws(CorpusError) -> CorpusRecord {
    var tokenizer = tokenization.tokenizer
    var record = CorpusRecord(of: paths, specialTokens: Vocabulary.specialTokens(tokenization))
    var reader = TextReader(chunkSize: chunkSize)
    for path in paths {
      try reader.read(path) { text in tokenizer.consume(text, into: &record) }
      tokenizer.finish(into: &record)
      record.endSentence()
    }
    record.sourceSHA256 = reader.sourceSHA256
    if record.tokens.isEmpty { throw .empty(paths: paths) }
    return record
  }
}

extension TokenSequence {
  /// Reads text files with a vocabulary that is there already, to evaluate a model on them.
  package static func read(
    _ paths: [String], _ tokenization: Tokenization, vocabulary: Vocabulary
  ) throws(CorpusError) -> TokenSequence {
    try CorpusRecord.read(paths, tokenization).sequence(in: vocabulary)
  }
}

extension Vocabulary {
  /// The ids of a text at hand, such as the prompt of `generate`. The text may end in the middle of a line: unlike a
  /// file's last line it gets no `</s>` then.
  package func encode(_ text: String, _ tokenization: Tokenization) throws(CorpusError) -> [Int32] {
    var tokenizer = tokenization.tokenizer
    var record = CorpusRecord(of: ["the prompt"], specialTokens: Self.specialTokens(tokenization))
    tokenizer.consume(text.utf8Span, into: &record)
    tokenizer.finish(into: &record)
    return try record.sequence(in: self).tokens
  }
}

import Configuration
import Datasets
import Keys
import Tasks

extension RunConfiguration {
  /// A configuration for texts that have none: the template of the task that they suit, with sizes that suit theirs.
  ///
  /// Cost: reads the first file up to the end of its first sentence, and the first mebibytes of compressed ones.
  ///
  /// - Parameters:
  ///   - files: at least one, as the user named them; the first one also names the run.
  ///   - overrides: `KEY=VALUE`, which win over all that is chosen here.
  ///   - remark: gets a line for each setting that an override has dropped or may have given another meaning.
  /// - Returns: it, the bytes of the texts, and what a person may expect of a model of them.
  /// - Throws: `CorpusError` where the first file is no text, or `ConfigurationError`.
  package static func suiting(
    _ files: [String], overrides: [String], remark: (String) -> Void
  ) throws -> (configuration: RunConfiguration, bytes: Int, expectation: String) {
    let settings = try Override.parse(overrides)
    func value(_ key: String) -> String? { settings.last { $0.path.joined(separator: ".") == key }?.valueText }
    let task =
      try Tasks.all.first { $0.name == value("task") }
      ?? Tasks.suiting(files[0], format: value("data.format"))
    var bytes = 0
    for file in files { bytes += try CorpusFiles.textSize(of: file) }
    let start = task.startingPoint(bytes: bytes)
    let corpus = YAMLEmitter.flow(ValueTree(.list(files.map { .string($0) })))
    let directory = YAMLEmitter.flow(.string("runs/\(Paths.stem(of: files[0]))"))
    let configuration = try parse(
      text: task.template, name: files[0], directory: Paths.workingDirectory,
      overrides: ["data.train=\(corpus)", "output.directory=\(directory)"] + start.settings + overrides,
      checkFiles: true, remark: remark)
    return (configuration, bytes, start.expectation)
  }
}

extension Tasks {
  /// What a text is for, as its format says: words with tags are there to be learnt.
  ///
  /// - Parameter name: that of the format, where somebody has said it; else it is that of the first sentence.
  fileprivate static func suiting(_ file: String, format name: String?) throws(CorpusError) -> any Task {
    var format = CorpusFormats.all.first { $0.name == name }
    if format == nil {
      var input = try TaggerInput(.file(file))
      _ = try input.next()
      format = input.format
    }
    let learnsTags = format?.hasTags ?? false
    return all.first { $0.learnsTags == learnsTags } ?? all[0]
  }
}

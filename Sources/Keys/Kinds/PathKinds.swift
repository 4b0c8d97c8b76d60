extension ValueKind<String> {
  /// A file to read. It is looked for next to whoever names it: the file of the configuration, or the working directory
  /// for an override.
  package static var inputFile: Self {
    Self("a path") { tree, site in
      site.inputFile(tree, expected: "a path")
    } write: {
      .string($0)
    }
  }

  /// A checkpoint, or the directory of a run, looked for as a file is.
  package static var checkpoint: Self {
    Self("a path") { tree, site in
      site.inputFile(tree, expected: "a path", as: .fileOrDirectory)
    } write: {
      .string($0)
    }
  }

  /// A directory to write, relative to the working directory at the time.
  package static var outputDirectory: Self {
    Self("a path") { tree, site in
      site.path(tree, expected: "a path")
    } write: {
      .string($0)
    }
  }
}

extension ValueKind<[String]> {
  /// Some names; an empty list is none, as if the key were absent.
  package static var names: Self {
    let expectation = "a name or a list of names"
    return Self(expectation) { tree, site in
      let items = if case .list(let items) = tree.content { items } else { [tree] }
      let names = items.compactMap(\.text)
      guard names.count == items.count, !names.contains("") else {
        return site.mismatch(tree, expected: expectation)
      }
      return names.isEmpty ? nil : names
    } write: { names in
      names.count == 1 ? .string(names[0]) : ValueTree(.list(names.map(ValueTree.string)))
    }
  }

  /// One or more files of a corpus, directories of them, or patterns that match some.
  package static var corpusFiles: Self {
    let expectation = "a path or a list of paths"
    return Self(expectation) { tree, site in
      guard case .list(let items) = tree.content else {
        return site.inputFile(tree, expected: expectation, as: .corpus).map { [$0] }
      }
      guard !items.isEmpty else { return site.mismatch(tree, expected: expectation, found: "an empty list") }
      let files = items.map { site.inputFile($0, expected: "a path", as: .corpus) }
      return files.contains(nil) ? nil : files.compactMap(\.self)
    } write: { files in
      files.count == 1 ? .string(files[0]) : ValueTree(.list(files.map(ValueTree.string)))
    }
  }
}

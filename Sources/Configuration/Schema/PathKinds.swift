extension ValueKind<String> {
  /// A file to read. It is looked for next to whoever names it: the file of the configuration, or the working directory
  /// for an override.
  static var inputFile: Self {
    Self("a path") { tree, site in
      site.inputFile(tree, expected: "a path")
    } write: {
      .string($0)
    }
  }

  /// A directory to write, relative to the working directory at the time.
  static var outputDirectory: Self {
    Self("a path") { tree, site in
      site.path(tree, expected: "a path")
    } write: {
      .string($0)
    }
  }
}

extension ValueKind<[String]> {
  /// One or more files to read.
  static var inputFiles: Self {
    let expectation = "a path or a list of paths"
    return Self(expectation) { tree, site in
      guard case .list(let items) = tree.content else {
        return site.inputFile(tree, expected: expectation).map { [$0] }
      }
      guard !items.isEmpty else { return site.mismatch(tree, expected: expectation, found: "an empty list") }
      let files = items.map { site.inputFile($0, expected: "a path") }
      return files.contains(nil) ? nil : files.compactMap(\.self)
    } write: { files in
      files.count == 1 ? .string(files[0]) : YAMLTree(.list(files.map(YAMLTree.string)))
    }
  }
}

extension ValueKind<RunConfiguration.HeldOut> {
  /// A file, or a share of the training text.
  static var heldOut: Self {
    let expectation = "a path or {split: FRACTION}"
    return Self(expectation) { tree, site in
      guard let entries = tree.entries else {
        return site.inputFile(tree, expected: expectation).map(RunConfiguration.HeldOut.file)
      }
      guard entries.contains(where: { $0.key == "split" }) else {
        return site.mismatch(tree, expected: expectation)
      }
      var share = Share()
      site.read(&share, from: tree)
      return share.split.map(RunConfiguration.HeldOut.split)
    } write: { heldOut in
      switch heldOut {
      case .file(let path): return .string(path)
      case .split(let fraction): return KeyWriter.tree(of: Share(split: fraction))
      }
    }
  }

  private struct Share: KeySection {
    var split: Double?

    mutating func visitKeys(_ keys: inout some KeyVisitor) {
      keys.optional("split", &split, .number(.minority), "the share of the training sentences that is held out")
    }
  }
}

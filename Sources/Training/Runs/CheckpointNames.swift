import Files

/// What checkpoints are called: `step-00001000.h5`.
enum CheckpointNames {
  static func name(ofStep step: Int) -> String {
    let digits = String(step)
    return "step-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits).h5"
  }

  /// Nil for a name that no checkpoint gets, such as that of somebody's copy.
  static func step(of name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".h5"), let step = Int(name.dropFirst(5).dropLast(3)) else {
      return nil
    }
    return self.name(ofStep: step) == name ? step : nil
  }

  /// The steps of all checkpoints in a directory of them, in order.
  ///
  /// A run that goes on meanwhile puts a new one there and removes an old one while names are read, so that neither may be among
  /// them: they are read again until the newest stays the same.
  static func steps(in checkpoints: OpenDirectory) throws(FileError) -> [Int] {
    var steps = try listed(in: checkpoints)
    for _ in 0..<100 {
      let before = steps.last
      steps = try listed(in: checkpoints)
      if steps.last == before { break }
    }
    return steps
  }

  private static func listed(in checkpoints: OpenDirectory) throws(FileError) -> [Int] {
    try checkpoints.names().compactMap(step(of:)).sorted()
  }
}

/// The generator behind the corpus: SplitMix64 (Steele, Lea and Flood, 2014).
///
/// It is part of the corpus's definition, so it lives here and never changes: 64-bit integer arithmetic alone, the
/// same numbers on every machine.
struct SplitMix64: Sendable {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  /// A generator of its own for item `index` of the sequence `name`, whatever else is drawn, and in whatever order.
  init(seed: UInt64, sequence name: String, index: Int) {
    // FNV-1a, since Swift's own hashing differs from run to run.
    let nameHash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    var outer = SplitMix64(seed: seed ^ nameHash)
    var inner = SplitMix64(seed: outer.next() &+ UInt64(index))
    self.init(seed: inner.next())
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  mutating func nextFraction() -> Double {
    Double(next() >> 11) * 0x1p-53
  }
}

/// A text of some scalars in an order that a seed decides, behind a beginning.
func randomText(of scalars: [Unicode.Scalar], count: Int, seed: Int, behind beginning: String = "") -> String {
  var (state, text) = (UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1, beginning)
  for _ in 0..<count {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    text.unicodeScalars.append(scalars[Int(state >> 33) % scalars.count])
  }
  return text
}

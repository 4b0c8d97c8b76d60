import Presentation
import Testing

/// Formulas as pages have them.
@Suite struct MathMLTests {
  private func inner(_ formula: String) -> String {
    String(MathML.block(formula).dropFirst("<math display=\"block\"><mrow>".count).dropLast("</mrow></math>".count))
  }

  @Test(arguments: [
    ("h_t", "<msub><mi>h</mi><mi>t</mi></msub>"),
    ("h_{t-1}", "<msub><mi>h</mi><mrow><mi>t</mi><mo>−</mo><mn>1</mn></mrow></msub>"),
    ("h_i^2", "<msubsup><mi>h</mi><mi>i</mi><mn>2</mn></msubsup>"),
    ("\\frac{a}{b c}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi><mi>c</mi></mrow></mfrac>"),
    (
      "\\sum_{t=1}^{T}L_t",
      "<munderover><mo>∑</mo><mrow><mi>t</mi><mo>=</mo><mn>1</mn></mrow><mrow><mi>T</mi></mrow></munderover>"
        + "<msub><mi>L</mi><mi>t</mi></msub>"
    ),
    ("\\prod_i", "<munder><mo>∏</mo><mi>i</mi></munder>"),
    ("12.5 x", "<mn>12.5</mn><mi>x</mi>"),
    ("a<b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
    ("\\sigma(x)", "<mi>σ</mi><mo stretchy=\"false\">(</mo><mi>x</mi><mo stretchy=\"false\">)</mo>"),
    ("\\tanh x", "<mi>tanh</mi><mo>\u{2061}</mo><mi>x</mi>"),
    ("\\nothing", "<mi>nothing</mi>"),
  ])
  func signs(formula: String, expected: String) { #expect(inner(formula) == expected) }

  /// What isn't well-formed ends somewhere all the same.
  @Test(arguments: ["", "h_", "{", "\\frac{a}", "a}b", "\\", "x^{"])
  func unfinishedFormulas(_ formula: String) {
    let markup = MathML.block(formula)
    #expect(markup.hasPrefix("<math display=\"block\"><mrow>") && markup.hasSuffix("</mrow></math>"))
  }
}

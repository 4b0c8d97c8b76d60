import Datasets
import Testing

/// What MISC says of a tag.
@Suite struct TagNoteTests {
  @Test func whatMISCHasIsKept() {
    let note = TagNote(probability: 0.98)
    #expect(note.text == "TagProb=0.98")
    for (misc, expected) in [
      ("_", "TagProb=0.98"), ("", "TagProb=0.98"), ("SpaceAfter=No", "SpaceAfter=No|TagProb=0.98"),
      ("TagProb=0.1", "TagProb=0.98"), ("A=1|TagProbs=X:1,Y:2|B=2", "A=1|B=2|TagProb=0.98"),
      ("TagProbability=1|flag", "TagProbability=1|flag|TagProb=0.98"),
    ] {
      #expect(note.added(to: misc) == expected)
      #expect(note.added(to: note.added(to: misc)) == expected, "once more changes nothing")
    }
  }

  @Test func listsHaveNothingThatMISCForbids() {
    let note = TagNote(ranking: [("NOUN", 0.91), ("a|b=c:d,e%f\u{9}", 1.25e-9), ("é", 1.0 / 3)])
    #expect(note.text == "TagProbs=NOUN:0.91,a%7Cb%3Dc%3Ad%2Ce%25f%09:1.25e-09,é:0.333333")
  }
}

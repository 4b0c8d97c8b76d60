import Files
import Foundation
import Testing

struct LineJournalTests {
  @Test func linesAddUp() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/journal"
      for line in ["one", "two", ""] { try LineJournal("journal", in: OpenDirectory(directory)).append(line) }
      #expect(try LineJournal.lines(of: InputFile(path)) == ["one", "two", ""])
    }
  }

  /// However much of the last line there is.
  @Test func aTornLineIsTakenOff() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/journal"
      let torn = "three and more"
      for length in 1...torn.utf8.count {
        try Data(("one\ntwo\n" + torn.prefix(length)).utf8).write(to: URL(fileURLWithPath: path))
        #expect(try LineJournal.lines(of: InputFile(path)) == ["one", "two"])
        try LineJournal("journal", in: OpenDirectory(directory)).append("four")
        #expect(try LineJournal.lines(of: InputFile(path)) == ["one", "two", "four"])
      }
    }
  }
}

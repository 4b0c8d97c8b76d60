/// What a task begins with on a corpus of which nothing is known but its size.
package struct StartingPoint: Sendable, Equatable {
  /// `KEY=VALUE`, over the task's template.
  package let settings: [String]
  /// What a person may expect of the model: a clause.
  package let expectation: String

  package init(_ settings: [String], expectation: String) {
    self.settings = settings
    self.expectation = expectation
  }
}

/// Word forms as ids of their characters, one form after the other.
package struct Spellings: Sendable, Equatable {
  /// A form is cut behind so many characters: a URL of a thousand must not decide how much memory and time the words of
  /// a minibatch take.
  package static let longest = 64

  package private(set) var characters: [Int32] = []
  /// n+1 positions: form i is `characters[offsets[i]..<offsets[i+1]]`, which is never empty.
  package private(set) var offsets = [0]

  /// O(length of all forms).
  ///
  /// - Parameter vocabulary: has `<unk>`, which also stands for a form without characters.
  package init(of forms: some Sequence<String>, in vocabulary: Vocabulary) {
    let unknown = vocabulary.unknownId ?? 0
    for form in forms {
      for scalar in form.unicodeScalars.prefix(Self.longest) {
        characters.append(vocabulary.id(of: String(scalar)) ?? unknown)
      }
      if form.isEmpty { characters.append(unknown) }
      offsets.append(characters.count)
    }
  }

  package var count: Int { offsets.count - 1 }

  package subscript(form: Int) -> ArraySlice<Int32> { characters[offsets[form]..<offsets[form + 1]] }
}

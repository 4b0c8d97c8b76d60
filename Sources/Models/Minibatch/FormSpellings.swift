import Compute

/// The characters of a minibatch's word forms, each form spelled once, however many words have it: the forms are the sequences
/// of a minibatch of their own.
///
/// Written by `Minibatch.prepare`, read by the character encoder's jobs.
final class FormSpellings: @unchecked Sendable {
  // Unchecked: one thread writes between steps, workers only read within one.

  /// The characters: a sequence for each form, the longest first.
  let characters: Minibatch

  private var count = 0
  /// [forms] in order of first appearance: number, length, and the words that have it, -1 for none. A form can have
  /// another id by word dropout.
  private let forms: Buffer<Form>
  /// The number of the form that is a sequence.
  private let order: LengthOrder

  private struct Form: BitwiseCopyable {
    var form: Int
    var length: Int
    var words: (Int32, Int32)
  }

  /// - Parameter capacity: most forms, the longest one's characters, and the characters of all.
  init(_ capacity: Timeline.Capacity, vocabulary: Int) {
    characters = Minibatch(SequenceModel.Capacity(capacity), vocabulary: vocabulary)
    forms = Buffer(count: capacity.sequences, repeating: Form(form: 0, length: 0, words: (-1, -1)))
    order = LengthOrder(capacity)
  }

  func removeAll() { count = 0 }

  func add(form: Int, length: Int, words: (Int32, Int32)) {
    forms[count] = Form(form: form, length: length, words: words)
    count += 1
  }

  /// Takes over the forms that were added. Cost: O(characters), no allocation.
  ///
  /// - Parameter spelling: a form's characters as ids, at least one.
  func prepare(spelling: (_ form: Int) -> ArraySlice<Int32>) {
    order.sort(count) { forms[$0].length }
    characters.layOut(sequences: count) { forms[order[$0]].length }
    for sequence in 0..<count {
      let form = forms[order[sequence]]
      var timestep = 0
      for character in spelling(form.form) {
        characters.inputs[characters.timeline.row(timestep, sequence)] = character
        timestep += 1
      }
    }
    characters.prepare()
  }

  /// The distinct words that have a sequence's form; the second is -1 for most.
  func words(ofSequence sequence: Int) -> (Int32, Int32) { forms[order[sequence]].words }
}

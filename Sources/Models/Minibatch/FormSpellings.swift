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
  /// [forms] the number of the form that is a sequence.
  private let numberOfSequence: Buffer<Int32>
  /// [longest + 2] forms that are longer, while they are sorted.
  private let longer: Buffer<Int32>

  private struct Form: BitwiseCopyable {
    var form: Int
    var length: Int
    var words: (Int32, Int32)
  }

  /// - Parameter capacity: most forms, the longest one's characters, and the characters of all.
  init(_ capacity: Timeline.Capacity, vocabulary: Int) {
    characters = Minibatch(SequenceModel.Capacity(capacity), vocabulary: vocabulary)
    forms = Buffer(count: capacity.sequences, repeating: Form(form: 0, length: 0, words: (-1, -1)))
    numberOfSequence = Buffer(count: capacity.sequences, repeating: 0)
    longer = Buffer(count: capacity.timesteps + 2, repeating: 0)
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
    sortByLength()
    characters.layOut(sequences: count) { forms[Int(numberOfSequence[$0])].length }
    for sequence in 0..<count {
      let form = forms[Int(numberOfSequence[sequence])]
      var timestep = 0
      for character in spelling(form.form) {
        characters.inputs[characters.timeline.row(timestep, sequence)] = character
        timestep += 1
      }
    }
    characters.prepare()
  }

  /// The longest first, forms of one length in order of first appearance: counting sort.
  private func sortByLength() {
    let longest = longer.count - 2
    for length in 0..<longer.count { longer[length] = 0 }
    for number in 0..<count {
      precondition(forms[number].length <= longest, "a form is longer than the capacity allows")
      longer[forms[number].length] += 1
    }
    // From how many have a length to how many are longer.
    var before: Int32 = 0
    for length in (0...longest).reversed() { (longer[length], before) = (before, before + longer[length]) }
    for number in 0..<count {
      let length = forms[number].length
      numberOfSequence[Int(longer[length])] = Int32(number)
      longer[length] += 1
    }
  }

  /// The distinct words that have a sequence's form; the second is -1 for most.
  func words(ofSequence sequence: Int) -> (Int32, Int32) { forms[Int(numberOfSequence[sequence])].words }
}

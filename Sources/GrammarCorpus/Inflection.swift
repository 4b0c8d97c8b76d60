/// English endings, as far as the words of the corpus need them.
enum Inflection {
  /// The forms of a list's entry, each with the suffix that its symbol gets.
  ///
  /// - A noun, `dog` or `mouse/mice`, has `.singular` and `.plural`.
  /// - A verb, `bark` or `feed/fed`, has `.singular` (barks) and `.plural` (bark) for the present, `.past`, `.base` and
  ///   `.gerund`.
  /// - A word with any other tag has one form, and no suffix.
  static func forms(of entry: String, tag: String) -> [(suffix: String, word: String)] {
    let parts = entry.split(separator: "/").map(String.init)
    let stem = parts.first ?? entry
    let irregular = parts.count > 1 ? parts[1] : nil
    switch tag {
    case "NOUN":
      return [(".singular", stem), (".plural", irregular ?? withS(stem))]
    case "VERB":
      return [
        (".singular", withS(stem)), (".plural", stem), (".past", irregular ?? past(stem)), (".base", stem),
        (".gerund", gerund(stem)),
      ]
    default:
      return [("", entry)]
    }
  }

  /// The plural of a noun or the third person of a verb: dogs, churches, stories.
  private static func withS(_ stem: String) -> String {
    if endsInConsonantAndY(stem) { return stem.dropLast() + "ies" }
    let sibilant = ["s", "x", "z", "ch", "sh"].contains { stem.hasSuffix($0) }
    return stem + (sibilant ? "es" : "s")
  }

  private static func past(_ stem: String) -> String {
    if endsInConsonantAndY(stem) { return stem.dropLast() + "ied" }
    if stem.hasSuffix("e") { return stem + "d" }
    return doubled(stem) + "ed"
  }

  private static func gerund(_ stem: String) -> String {
    let dropsE = stem.hasSuffix("e") && !stem.hasSuffix("ee")
    return (dropsE ? String(stem.dropLast()) : doubled(stem)) + "ing"
  }

  private static func isVowel(_ letter: Character) -> Bool { "aeiou".contains(letter) }

  private static func endsInConsonantAndY(_ stem: String) -> Bool {
    stem.hasSuffix("y") && !(stem.dropLast().last.map(isVowel) ?? true)
  }

  /// Doubles the last letter of a short syllable: nod, nodding; but rest, feed, row, visit keep theirs.
  private static func doubled(_ stem: String) -> String {
    let letters = Array(stem)
    let onlyOneVowel = letters.count { isVowel($0) } == 1
    guard onlyOneVowel, letters.count >= 3, let last = letters.last, isVowel(letters[letters.count - 2]),
      !isVowel(last), !"wxy".contains(last)
    else { return stem }
    return stem + String(last)
  }
}

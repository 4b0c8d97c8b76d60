import Configuration
import ConfigurationFiles

/// What a shell completes a `KEY=VALUE` argument to: keys with their `=`, and behind that the values that the key takes.
enum SettingCompletion {
  private static let separator = "="

  /// - Parameter word: what stands before the cursor; some shells give what is behind the `=` alone.
  static func candidates(_ arguments: [String], _ index: Int, _ word: String) -> [String] {
    let keys = RunConfiguration.keys.filter { !$0.isSection }
    if word == separator, arguments.indices.contains(index - 1) { return values(of: arguments[index - 1]) }
    if let end = word.firstIndex(of: "=") {
      let (key, value) = (String(word[..<end]), word[word.index(after: end)...])
      return values(of: key).filter { $0.hasPrefix(value) }.map { "\(key)=\($0)" }
    }
    // Where a shell takes the `=` for the end of a word, the key is one of those before.
    let before = arguments.prefix(max(0, min(index, arguments.count)))
    if let key = key(endingBefore: before) { return values(of: key).filter { $0.hasPrefix(word) } }
    return Set(keys.map { "\($0.path)=" }.filter { $0.hasPrefix(word) }).sorted()
  }

  private static func key(endingBefore words: ArraySlice<String>) -> String? {
    words.last == separator ? words.dropLast().last : nil
  }

  private static func values(of key: String) -> [String] {
    let own = RunConfiguration.keys.filter { $0.path == key }
    let choices = own.flatMap(\.choices)
    // Of what can't be listed, the default is a value to begin with.
    let all = choices.isEmpty ? own.compactMap(\.defaultText) : choices
    return all.reduce(into: []) { values, value in if !values.contains(value) { values.append(value) } }
  }
}

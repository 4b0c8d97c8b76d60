/// The candidate that a mistyped word most likely means, if one is close enough.
package func closest(to word: String, among candidates: some Sequence<String>) -> String? {
  let ranked = candidates.sorted().map { (name: $0, distance: editDistance(word, $0)) }
  guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
  let tolerance = max(1, min(word.count, best.name.count) / 3)
  return best.distance <= tolerance ? best.name : nil
}

/// `a, b or c`.
package func enumeration(of names: [String], conjunction: String) -> String {
  guard names.count > 1, let last = names.last else { return names.first ?? "" }
  return names.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
}

/// The Damerau-Levenshtein distance: insertions, deletions, substitutions and swaps of neighbours (optimal string
/// alignment) that turn one word into the other. Costs the product of their lengths, of which it looks at the first 64.
private func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a.lowercased().prefix(64))
  let b = Array(b.lowercased().prefix(64))
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var row = [i + 1]
    for (j, y) in b.enumerated() {
      var distance = min(last[j + 1] + 1, row[j] + 1, last[j] + (x == y ? 0 : 1))
      if i > 0, j > 0, x == b[j - 1], a[i - 1] == y { distance = min(distance, beforeLast[j - 1] + 1) }
      row.append(distance)
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}

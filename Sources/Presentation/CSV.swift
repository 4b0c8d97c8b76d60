/// Comma-separated values, as RFC 4180 has them but for the ends of lines.
package enum CSV {
  package static func text(_ heading: [String], _ rows: [[String]]) -> String {
    ([heading] + rows).map { $0.map(field).joined(separator: ",") + "\n" }.joined()
  }

  private static func field(_ text: String) -> String {
    text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}

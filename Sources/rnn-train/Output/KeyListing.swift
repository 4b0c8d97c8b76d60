import Configuration
import Keys
import Presentation

/// Keys below the headings of their sections, in three columns: name, default, and what they are for.
struct KeyListing {
  let text: String

  private static let gap = "  "
  private static let widestName = 24
  private static let widestDefault = 14

  init(_ keys: [KeyDescription], width: Int) {
    let names = keys.filter { !$0.isSection }
    // Names and defaults that are longer would leave no room for words; they have a line of their own.
    let nameWidth = min((names.map { $0.name.columns + 2 }.max() ?? 0) + 2, Self.widestName)
    let defaultWidth = min(names.compactMap { $0.defaultText?.columns }.max() ?? 0, Self.widestDefault)
    let indentation = String(repeating: " ", count: nameWidth + defaultWidth + 2)
    let helpWidth = max(width - indentation.columns, 20)

    func line(_ key: KeyDescription, indented: Bool) -> [String] {
      let name = (indented ? Self.gap + Self.gap : Self.gap) + key.name
      let text = key.defaultText ?? ""
      let help = Format.wrapped(Self.purpose(of: key), to: helpWidth)
      let fits = name.columns + Self.gap.columns <= nameWidth && text.columns <= defaultWidth
      return fits
        ? [name.padded(to: nameWidth) + text.padded(to: defaultWidth) + Self.gap + help[0]]
          + help.dropFirst().map { indentation + $0 }
        : [name.padded(to: nameWidth - Self.gap.columns) + Self.gap + text] + help.map { indentation + $0 }
    }

    let sections = keys.reduce(into: [String]()) { sections, key in
      let section = key.isSection ? key.path : key.section
      if !sections.contains(section) { sections.append(section) }
    }
    text = sections.map { section in
      let own = keys.filter { $0.section == section && !$0.isSection }
      let help = keys.first { $0.path == section && $0.isSection }?.help
      var lines = help.map { Format.wrapped("\(section): \($0)", to: width) } ?? []
      var alternative: String?
      for key in own {
        if key.alternative != alternative, let name = key.alternative { lines.append("\(Self.gap)with \(name)") }
        alternative = key.alternative
        lines += line(key, indented: alternative != nil)
      }
      return lines.joined(separator: "\n")
    }.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  /// With the values to choose from, where they can be listed.
  private static func purpose(of key: KeyDescription) -> String {
    key.choices.isEmpty ? key.help : "\(key.help) (\(key.choices.joined(separator: " | ")))"
  }
}

/// A key or a section with all there is to know about it.
struct KeyExplanation {
  private let path: String
  /// Those of the path itself, which several alternatives may have, and those below it.
  private let own: [KeyDescription]
  private let below: [KeyDescription]

  init(_ path: String, among keys: [KeyDescription]) {
    self.path = path
    own = keys.filter { $0.path == path }
    below = keys.filter { $0.path.hasPrefix(path + ".") }
  }

  func text(width: Int) -> String {
    let parts = own.map { lines(about: $0, width: width) } + below.map { lines(about: $0, width: width) }
    return (parts + [closing(width: width)]).map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
  }

  private func lines(about key: KeyDescription, width: Int) -> [String] {
    let condition = key.alternative.map { " (with \($0))" } ?? ""
    let facts =
      [
        key.isSection ? nil : "values   \(key.expectation)",
        key.isSection ? nil : "default  \(key.defaultText ?? "none")",
      ]
      .compactMap(\.self)
    return ["\(key.path)\(condition)"]
      + ([key.help] + facts).flatMap { Format.wrapped($0, to: width - 2).map { "  " + $0 } }
  }

  /// An example, and whether a run can change it on its way.
  private func closing(width: Int) -> [String] {
    let settings = (own + below).filter { !$0.isSection && $0.alternative == nil }
    let key = settings.first ?? (own + below).first { !$0.isSection }
    let value = key.flatMap { key in key.choices.first { $0 != key.defaultText } ?? key.defaultText } ?? "VALUE"
    let example = key.map { ["example", "", "  rnn-train --config FILE \($0.path)=\(value)", ""] } ?? []
    let resumption =
      RunConfiguration.isFixed(path)
      ? "A run keeps it from its first step to its last." : "It may change when a run is resumed."
    return example + Format.wrapped(resumption, to: width)
  }
}

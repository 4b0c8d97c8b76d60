import Foundation
import Plots
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What an XML parser finds in a picture.
private final class Elements: NSObject, XMLParserDelegate {
  private(set) var names: [String: Int] = [:]
  private(set) var texts: [String] = []
  private(set) var paths: [String] = []
  private(set) var attributes: Set<String> = []

  init(of svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    let isWellFormed = parser.parse()
    try #require(isWellFormed, "\(String(describing: parser.parserError)) in \(svg)")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    names[name, default: 0] += 1
    texts.append("")
    if name == "path", let path = attributes["d"] { paths.append(path) }
    self.attributes.formUnion(attributes.keys)
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if !texts.isEmpty { texts[texts.count - 1] += text }
  }
}

@Suite("Pictures")
struct PictureTests {
  private static let hostile = "</title><script>alert(1)</script>\"'&\u{0}\u{1B}\u{FFFE}"

  private func pictures(naming name: String) -> [any Picture] {
    let axis = Axis(name)
    return [
      Plot(
        title: name, description: name, x: axis, y: Axis(name, scale: .logarithmic),
        series: [
          Series(name, points: [.init(1, 2), .init(2, .nan), .init(3, 0), .init(4, 5), .init(5, .infinity)]),
          Series(name, mark: .points, points: [.init(1, 2, note: name)]),
          Series(name, mark: .rings, points: [.init(1, 2)]),
        ], markers: [Marker(3, label: name), Marker(4, label: name, color: 1)], levels: [Level(2, label: name)]),
      UnfoldedNetwork(
        title: name, description: name, input: .init(name, size: name),
        layers: [
          .init(directions: [.init(name, size: name)], inputWeight: name, recurrentWeights: [name]),
          .init(
            directions: [.init(name, size: name), .init(name, size: name)], inputWeight: name,
            recurrentWeights: [name, name]),
        ], output: .init(name, size: name), outputWeight: name),
      Plot(
        title: name, description: name, x: Axis(name, scale: .categories([name, "b"])), y: axis,
        series: [Series(name, mark: .bars, points: [.init(0, 2, note: name), .init(1, -1)])]),
      HeatMap(
        title: name, description: name, x: Axis(name, scale: .categories([name, "b"])), y: axis, color: axis,
        rows: [[1, nil], [.nan, 3]], texts: [[name, ""], ["", "3"]]),
      ParallelCoordinates(
        title: name, description: name, axes: [axis, Axis(name, scale: .categories([name])), axis],
        rows: [.init([1, 0, 2], note: name), .init([1, 0, .nan], note: name)], prefersSmall: true),
    ]
  }

  @Test("every picture is well-formed, and text in it is only text", arguments: [StyleSource.embedded, .page])
  func wellFormed(style: StyleSource) throws {
    for picture in pictures(naming: Self.hostile) {
      let elements = try Elements(of: picture.svg(style: style))
      #expect(elements.names["script"] == nil)
      #expect(elements.texts.contains { $0.contains("<script>alert(1)</script>\"'&\u{FFFD}\u{FFFD}\u{FFFD}") })
      #expect(elements.names["style"] == (style == .embedded ? 1 : nil))
      #expect(elements.names["title"] ?? 0 >= 1 && elements.names["desc"] == 1)
    }
  }

  @Test("nothing to draw, and numbers of any size, make a picture without a number that isn't one")
  func extremes() throws {
    let values: [[Double]] = [
      [], [.nan], [0], [1e308, -1e308], [.leastNonzeroMagnitude, 1], [.infinity, 1], [-1, 0, 1e99], [5, 5, 5],
      [1e15, 1e15 + 1],
    ]
    for values in values {
      for scale in [Axis.Scale.linear, .logarithmic] {
        let points = values.enumerated().map { Series.Point(Double($0.offset), $0.element) }
        let plot = Plot(
          title: "", description: "", x: Axis(""), y: Axis("", scale: scale), series: [Series("", points: points)])
        let map = HeatMap(
          title: "", description: "", x: Axis(""), y: Axis(""), color: Axis("", scale: scale), rows: [values])
        for picture in [plot, map] as [any Picture] {
          let elements = try Elements(of: picture.svg(style: .page))
          for path in elements.paths { #expect(!path.contains("n"), "\(values): \(path)") }
        }
      }
    }
  }

  @Test("a line is broken where a value is missing, and one value alone is a dot")
  func gaps() throws {
    let points = [1, 2, .nan, 4, .nan, 6, 7].enumerated().map { Series.Point(Double($0.offset), $0.element) }
    let plot = Plot(
      title: "", description: "", x: Axis("x"), y: Axis("y"), series: [Series("", points: points)])
    let svg = plot.svg(style: .page)
    #expect(svg.matches(of: /class="line s1"/).count == 2)
    #expect(svg.matches(of: /<circle/).count == 1)
  }

  @Test("a line leaves the picture where its axis ends, and comes back")
  func limits() throws {
    let points = [100, 3, 2, 2, 3, 2].enumerated().map { Series.Point(Double($0.offset), $0.element) }
    let plot = Plot(
      title: "", description: "", x: Axis("x"), y: Axis("y", limits: 2...4), series: [Series("", points: points)])
    let svg = plot.svg(style: .page)
    let line = try #require(try Elements(of: svg).paths.first { $0.matches(of: /L/).count > 3 })
    let heights = line.matches(of: /[ML][\d.]+ ([\d.]+)/).compactMap { Double($0.1) }
    // It begins at the upper end, in a straight line from the first value.
    #expect(heights.count == 6 && heights[0] == heights.min() && heights[0] >= 10, "\(line)")
    #expect(plot.values.rows.first == ["0", "100"])
  }

  @Test("an axis spans no less than it should")
  func leastExtent() {
    for values in [[50, 50.01], [50]] {
      let domain = Domain(Axis("", leastExtent: 2), values: values, padding: 0.05, tickCount: 5)
      let shares = values.compactMap(domain.share)
      #expect(shares.count == values.count && shares.allSatisfy { abs($0 - 0.5) < 0.01 }, "\(shares)")
    }
  }

  @Test("names at the ends of lines lie apart, in the order of their lines")
  func endLabels() throws {
    let series = (0..<5).map { Series("n\($0)", points: [.init(0, 1), .init(1, 1 + Double($0) * 0.001)]) }
    let plot = Plot(
      title: "", description: "", x: Axis("x"), y: Axis("y", including: [0, 2]), series: series, namesEnds: true)
    let places = plot.svg(style: .page).matches(of: /class="name s\d" x="[\d.]+" y="([\d.]+)" [^>]*>(n\d)</)
      .compactMap { match in Double(match.1).map { (String(match.2), $0) } }
    #expect(Set(places.map(\.0)).count == 5)
    let heights = places.sorted { $0.1 < $1.1 }
    #expect(heights.map(\.0) == ["n4", "n3", "n2", "n1", "n0"])
    #expect(zip(heights, heights.dropFirst()).allSatisfy { $1.1 - $0.1 >= 11.9 })
  }

  @Test("numbers of pictures are as exact as they came")
  func values() {
    let plot = Plot(
      title: "", description: "", x: Axis("step"), y: Axis("loss"),
      series: [
        Series("a", points: [.init(1, 0.1), .init(3, .nan), .init(4, 1e-9)]),
        Series("b", points: [.init(1, 2), .init(2, 3)]),
      ])
    #expect(plot.values.heading == ["step", "a", "b"])
    #expect(plot.values.rows == [["1", "0.1", "2"], ["2", "", "3"], ["4", "1e-09", ""]])
    let map = HeatMap(
      title: "", description: "", x: Axis("k", scale: .categories(["p", "q"])), y: Axis("t"), color: Axis("c"),
      rows: [[1, nil], [0.5, 2]], firstRow: 7)
    #expect(map.values.rows == [["7", "1", ""], ["8", "0.5", "2"]] && map.values.heading == ["t \\ k", "p", "q"])
  }

  @Test("a page finds points, bars and lines across axes by the places of their rows")
  func places() throws {
    let points = Series("", mark: .points, points: [.init(2, 1, note: "b"), .init(1, .nan), .init(1, 1, note: "a")])
    let scatter = Plot(
      title: "", description: "", x: Axis("x"), y: Axis("y"),
      series: [points, Series("", mark: .rings, points: [.init(2, 1)])])
    let bars = Plot(
      title: "", description: "", x: Axis("x", scale: .categories(["p", "q"])), y: Axis("y", including: [0]),
      series: [Series("", mark: .bars, points: [.init(0, 2), .init(1, 1)])])
    let lines = ParallelCoordinates(
      title: "", description: "", axes: [Axis("p"), Axis("q")],
      rows: [.init([0, 1], note: "a"), .init([1, .nan], note: "b"), .init([1, 0], note: "c")], prefersSmall: true)
    for (picture, kind, counts) in [
      (scatter, "points", [1, 0, 1]), (bars, "bars", [1, 1]), (lines, "points", [2, 0, 2]),
    ] as [(any Picture, String, [Int])] {
      let svg = picture.svg(style: .page)
      let attribute = try #require(svg.firstMatch(of: /data-kind="(\w+)" data-places="([^"]*)"( data-notes="last")?/))
      let places = attribute.2.split(separator: ",", omittingEmptySubsequences: false).map { $0.split(separator: " ") }
      #expect(attribute.1 == kind && places.map { $0.count / 2 } == counts, "\(attribute.0)")
      #expect(picture.values.rows.count == counts.count)
      #expect((attribute.3 != nil) == (picture.values.heading.last == "note"))
    }
    // Where the dots are: left, and right of it at the same height.
    let svg = scatter.svg(style: .page)
    let centres = svg.matches(of: /class="dot s1" cx="([0-9.]+)" cy="([0-9.]+)"/).map { "\($0.1) \($0.2)" }
    #expect(centres.count == 2 && svg.contains("data-places=\"\(centres[0]),,\(centres[1])\""))
    #expect(!scatter.svg().contains("data-places"))
  }

  @Test("long names keep their beginning and their end, and their room")
  func longNames() throws {
    #expect("0123456789".shortened(to: 10) == "0123456789" && "0123456789".shortened(to: 9) == "0123…6789")
    #expect("0123456789".shortened(to: 0) == "0…9")
    let names = (0..<3).map { "../datasets/memory/distance-\($0).tsv" }
    let axis = Axis("data", scale: .categories(names))
    let plot = Plot(
      title: "", description: "", x: axis, y: Axis("y"),
      series: [
        Series(String(repeating: "long", count: 50), mark: .points, points: (0..<3).map { .init(Double($0), 1) })
      ])
    let lines = ParallelCoordinates(title: "", description: "", axes: [axis, axis], rows: [], prefersSmall: true)
    for picture in [plot, lines] as [any Picture] {
      let texts = picture.svg().matches(of: />([^<>]*)<\/text>/).map { String($0.1) }
      for number in 0..<3 { #expect(texts.contains { $0.hasSuffix("-\(number).tsv") && $0.contains("…") }, "\(texts)") }
      #expect(texts.allSatisfy { $0.count <= 55 })
    }
    #expect(plot.values.rows.map { $0[0] } == names)
  }

  @Test("curves of text fit their place")
  func text() {
    let points = (0...100).map { Series.Point(Double($0), Double($0)) }
    for (alphabet, dot) in [(TextPlot.Alphabet.ascii, "."), (.braille, "⠁")] {
      let lines = TextPlot(
        x: Axis("step"), y: Axis("loss"), series: [Series("a", points: points), Series("b", points: [.init(50, 90)])],
        alphabet: alphabet
      ).lines(width: 60, height: 14)
      #expect(lines.count == 14 && lines.allSatisfy { $0.count <= 60 }, "\(lines)")
      #expect(lines[13].contains("loss: ") && lines.joined().contains(alphabet == .ascii ? dot : "⠔"))
      // The mark is left of the line's upper end.
      #expect(lines[..<4].contains { $0.contains("+") })
    }
    #expect(TextPlot(x: Axis(""), y: Axis(""), series: [], alphabet: .ascii).lines(width: 0, height: 0).count == 5)
  }

  @Test("a million values make a picture of bounded size that keeps the extremes")
  func thinning() throws {
    var points = (0..<1_000_000).map { Series.Point(Double($0), Double($0 % 1000)) }
    points[700_123] = Series.Point(700_123, 5000)
    let plot = Plot(title: "", description: "", x: Axis("x"), y: Axis("y"), series: [Series("", points: points)])
    let svg = plot.svg(style: .page)
    #expect(svg.utf8.count < 40_000)
    let tops = try Elements(of: svg).paths.flatMap { $0.matches(of: /[ML][\d.]+ ([\d.]+)/).compactMap { Double($0.1) } }
    // The peak is the only point so near the upper end, five per cent below which it lies.
    #expect(tops.filter { $0 > 10 && $0 < 30 }.count >= 1)
  }

  @Test("a heat map of many cells is of bounded size")
  func manyCells() throws {
    var rows: [[Double?]] = []
    for row in 0..<2000 {
      let values: [Double?] = (0...row).map { Double((row * 7919 + $0 * 104_729) % 1000) }
      rows.append(values + Array(repeating: nil, count: 1999 - row))
    }
    let map = HeatMap(
      title: "", description: "", x: Axis("k"), y: Axis("t"), color: Axis("c", scale: .logarithmic), rows: rows)
    #expect(map.svg(style: .page).utf8.count < 400_000)
  }

  @Test("cells lie where their rows and columns are; empty ones are not there")
  func cells() throws {
    let map = HeatMap(
      title: "", description: "", x: Axis("k"), y: Axis("t"), color: Axis("c"), rows: [[0, nil, nil], [2, 1, nil]])
    let svg = map.svg(style: .page)
    #expect(svg.contains("<path class=\"h0\" d=\"M0 0h1v1h-1z\"/>"))
    #expect(svg.contains("<path class=\"h31\" d=\"M0 1h1v1h-1z\"/>"))
    #expect(svg.contains("<path class=\"h16\" d=\"M1 1h1v1h-1z\"/>"))
    #expect(svg.matches(of: /d="M\d+ \d+h\d+v\d+h-\d+z"/).count == 3)
  }

  @Test("lengths are written in short")
  func lengths() {
    #expect(
      [0, 1, 1.24, -0.04, -0.06, -12.55, 460].map(Markup.length) == ["0", "1", "1.2", "0", "-0.1", "-12.6", "460"])
  }
}

@Suite("Thinning")
struct ThinningTests {
  @Test("each column keeps its first, lowest, highest and last point, in their order")
  func columns() {
    let ys = [3, 9, 1, 5, 4, 7.0]
    let points = ys.enumerated().map { Thinning.Point(x: 10 + Double($0.offset) * 0.1, y: $0.element) }
    #expect(Thinning.thinned(points).map(\.y) == [3, 9, 1, 7])
    let sparse = ys.enumerated().map { Thinning.Point(x: Double($0.offset) * 2, y: $0.element) }
    #expect(Thinning.thinned(sparse) == sparse)
    #expect(Thinning.thinned([]).isEmpty)
  }
}

@Suite("Colours")
struct ColorRampTests {
  /// The relative luminance of sRGB, as WCAG defines it.
  private func luminance(_ color: (red: Double, green: Double, blue: Double)) -> Double {
    func linear(_ value: Double) -> Double { value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4) }
    return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue)
  }

  @Test("larger values are darker on a light page, and lighter on a dark one")
  func order() {
    let levels = 0..<ColorRamp.levels
    let light = levels.map { luminance(ColorRamp.lightColor($0)) }
    let dark = levels.map { luminance(ColorRamp.darkColor($0)) }
    #expect(zip(light, light.dropFirst()).allSatisfy { $0 > $1 })
    #expect(zip(dark, dark.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test("text on every level can be read: a contrast of 4 to 1 at least")
  func contrast() {
    func gray(_ value: Double) -> (Double, Double, Double) { (value / 255, value / 255, value / 255) }
    func ratio(_ a: Double, _ b: Double) -> Double { (max(a, b) + 0.05) / (min(a, b) + 0.05) }
    for level in 0..<ColorRamp.levels {
      let isLow = ColorRamp.textStyle(on: level) == "on-low"
      // Of plot.css, but for a tinge.
      let lightText = luminance(gray(isLow ? 0x23 : 0xff))
      let darkText = luminance(gray(isLow ? 0xff : 0x0e))
      #expect(ratio(luminance(ColorRamp.lightColor(level)), lightText) >= 4, "light, level \(level)")
      #expect(ratio(luminance(ColorRamp.darkColor(level)), darkText) >= 4, "dark, level \(level)")
    }
  }

  @Test("shares outside 0 to 1 have the colours of the ends")
  func ends() {
    #expect([-1, 0, 0.5, 1, 2].map(ColorRamp.level) == [0, 0, 16, 31, 31])
  }
}

/// A Python object as a pickle of protocol 2, which a reader's stack machine puts together: only what `PyTorchArchive` needs.
struct Pickle {
  private var bytes: [UInt8] = []

  /// By the names of Python's pickletools.
  private enum Operation: String {
    case mark = "(", stop = ".", tuple = "t", emptyDictionary = "}", setItems = "u", call = "R", reference = "Q"
    case global = "c", text = "X", number = "J"
    case protocolVersion = "\u{80}", newFalse = "\u{89}"
  }

  init() {
    add(.protocolVersion)
    bytes.append(2)
  }

  /// With what ends a pickle.
  var finished: [UInt8] { bytes + Operation.stop.rawValue.unicodeScalars.map { UInt8($0.value) } }

  mutating func add(_ text: String) {
    add(.text)
    append(UInt32(text.utf8.count))
    bytes += text.utf8
  }

  /// - Precondition: 32 bits hold it.
  mutating func add(_ number: Int) {
    add(.number)
    append(UInt32(bitPattern: Int32(number)))
  }

  mutating func addFalse() { add(.newFalse) }

  mutating func addGlobal(_ module: String, _ name: String) {
    add(.global)
    bytes += "\(module)\n\(name)\n".utf8
  }

  mutating func addTuple(_ fill: (inout Pickle) -> Void) {
    add(.mark)
    fill(&self)
    add(.tuple)
  }

  /// - Parameter fill: adds keys and values in turn.
  mutating func addDictionary(_ fill: (inout Pickle) -> Void) {
    add(.emptyDictionary)
    add(.mark)
    fill(&self)
    add(.setItems)
  }

  /// What a global function or class makes of some arguments.
  mutating func addCall(_ module: String, _ name: String, _ arguments: (inout Pickle) -> Void) {
    addGlobal(module, name)
    addTuple(arguments)
    add(.call)
  }

  /// An object outside of the pickle, which the reader finds by a tuple.
  mutating func addReference(_ fill: (inout Pickle) -> Void) {
    addTuple(fill)
    add(.reference)
  }

  private mutating func add(_ operation: Operation) {
    bytes += operation.rawValue.unicodeScalars.map { UInt8($0.value) }
  }

  private mutating func append(_ number: UInt32) {
    withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
  }
}

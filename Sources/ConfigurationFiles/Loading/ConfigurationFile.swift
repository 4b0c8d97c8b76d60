import Glibc

/// Reads the text of a configuration file.
enum ConfigurationFile {
  /// No configuration comes near this; what is larger is something else.
  static let sizeLimit = 1 << 20

  /// - Parameter path: as the user gave it. It may be a pipe.
  static func text(ofFileAt path: String) throws(ConfigurationError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(file: path, reason: Paths.lastSystemError) }
    defer { close(descriptor) }

    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        throw .unreadable(file: path, reason: Paths.lastSystemError)
      }
      bytes += chunk[..<count]
      guard bytes.count <= sizeLimit else {
        throw .unreadable(file: path, reason: "larger than 1 MiB, which no configuration is")
      }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let line = 1 + validPrefix(of: bytes).count { $0 == UInt8(ascii: "\n") }
      throw .unreadable(file: path, reason: "not UTF-8 text on line \(line)")
    }
    return text
  }

  /// The bytes before the first that isn't UTF-8.
  private static func validPrefix(of bytes: [UInt8]) -> ArraySlice<UInt8> {
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var length = 0
    while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { length += scalar.count }
    return bytes.prefix(length)
  }
}

import CHDF5
import Files
import Synchronization

/// The one owner of the HDF5 library: nothing calls it but within `Location.perform`.
///
/// The HDF Group on threads: "Concurrent access to one or more HDF5 file(s) from multiple threads in the same process
/// will not work with a non-thread-safe build of the HDF5 library", different files included. And where the build is
/// thread-safe, the error stack is each thread's own, so that a call and the look at its error must share a thread.
/// Hence one lock for all calls, held from an operation's first call to the capture of its error.
enum Library {
  private static let isPrepared = Mutex(false)

  /// Runs `body` with the library to itself. Not to be nested.
  ///
  /// - Throws: `HDF5Error.library` before `body` if the library can't be made ready, and what `body` throws.
  static func serially<R: Sendable>(_ body: () throws(HDF5Error) -> R) throws(HDF5Error) -> R {
    try isPrepared.withLock { isPrepared throws(HDF5Error) in
      // A file that couldn't be closed isn't tried again when the process ends: to be said before all else.
      if !isPrepared { try require("leave files alone at the end", H5dont_atexit()) }
      // Errors are ours to print. The setting belongs to the thread, so it is made each time.
      try require("keep errors from being printed", H5Eset_auto2(hid_t(H5E_DEFAULT), nil, nil))
      if !isPrepared {
        try require("open the library", H5open())
        // No filter or driver is ever loaded from a plugin directory: that would be code of a stranger's choice.
        try require("forbid plugins", H5PLset_loading_state(0))
        isPrepared = true
      }
      return try body()
    }
  }

  /// Checks the return code of what must succeed before the library is used.
  private static func require(_ operation: String, _ code: herr_t) throws(HDF5Error) {
    guard code >= 0 else { throw .library(operation: operation, reason: innermostError) }
  }

  /// The innermost message of the error stack: what happened, not who asked.
  static var innermostError: String {
    var message = ""
    withUnsafeMutablePointer(to: &message) { message in
      _ = H5Ewalk2(
        hid_t(H5E_DEFAULT), H5E_WALK_UPWARD,
        { depth, record, message in
          if depth == 0, let text = record?.pointee.desc {
            message?.assumingMemoryBound(to: String.self).pointee = String(cString: text)
          }
          return 0
        }, message)
    }
    return message.isEmpty ? "the HDF5 library gives no reason" : message
  }
}

/// How the library gets at a file: by the descriptor that we have of it, so that what it reads is what we have looked at.
///
/// It has to open a name. Its usual driver wants the real path behind that, which nothing in memory has; its driver on the C
/// library's streams doesn't ask.
enum OpenedFile {
  /// How many descriptors it may take, if for a moment only.
  static let descriptors = 2

  /// Opens a file to be read, or begins a new one in it. Within `Location.perform`.
  ///
  /// - Returns: the file's id; negative on failure.
  static func open(_ file: InputFile, creates: Bool = false, at location: Location) throws(HDF5Error) -> hid_t {
    let access = try location.handle("create access properties", H5Pcreate(shim_file_access()), closedBy: H5Pclose)
    try location.check("choose the driver", H5Pset_fapl_stdio(access.id))
    // Closing fails if any id of the file's is still open, so that a leak can't go unnoticed.
    try location.check("choose how to close", H5Pset_fclose_degree(access.id, H5F_CLOSE_SEMI))
    let creation = try location.handle("create file properties", H5Pcreate(shim_file_creation()), closedBy: H5Pclose)
    try location.check("leave out times", H5Pset_obj_track_times(creation.id, false))
    let name = "/proc/self/fd/\(file.descriptor)"
    let id =
      creates
      ? H5Fcreate(name, shim_truncate(), creation.id, access.id) : H5Fopen(name, shim_read_only(), access.id)
    if id >= 0 {
      try location.close(creation)
      try location.close(access)
    }
    return id
  }
}

/// An id of the HDF5 library with the function that closes it.
///
/// It is closed by `Location.close`, which checks, or, when an error is on its way already, by the end of its life.
struct Handle: ~Copyable {
  let id: hid_t
  fileprivate let closeFunction: @convention(c) (hid_t) -> herr_t

  deinit { _ = closeFunction(id) }

  fileprivate consuming func close() -> herr_t {
    let (id, closeFunction) = (id, closeFunction)
    discard self
    return closeFunction(id)
  }
}

/// An object of an open file, or one that is about to be: what calls to the library work on and what errors name.
struct Location: Sendable {
  /// The file's id.
  let file: hid_t
  /// The file's name for errors, nil for an image that is being built.
  let fileName: String?
  /// The object's path within the file.
  var path: String

  func child(_ name: String) -> Location {
    Location(file: file, fileName: fileName, path: path == "/" ? "/\(name)" : "\(path)/\(name)")
  }

  /// Runs `body` with the library to itself; the methods below belong into it.
  func perform<R: Sendable>(_ body: () throws(HDF5Error) -> R) throws(HDF5Error) -> R {
    try Library.serially(body)
  }

  /// Takes over an id that a call returned; `operation` completes "can't ...".
  func handle(
    _ operation: String, _ id: hid_t, closedBy close: @escaping @convention(c) (hid_t) -> herr_t
  ) throws(HDF5Error) -> Handle {
    guard id >= 0 else { throw failure(operation) }
    return Handle(id: id, closeFunction: close)
  }

  func close(_ handle: consuming Handle) throws(HDF5Error) {
    try check("close", handle.close())
  }

  /// Checks a return code, of which a negative one means failure, and passes it on.
  @discardableResult
  func check<Code: SignedInteger>(_ operation: String, _ code: Code) throws(HDF5Error) -> Code {
    guard code >= 0 else { throw failure(operation) }
    return code
  }

  private func failure(_ operation: String) -> HDF5Error {
    let reason = Library.innermostError
    guard let fileName else { return .building(object: path, operation: operation, reason: reason) }
    return .reading(file: fileName, object: path, operation: operation, reason: reason)
  }
}

/// "The default", where a property list is asked for.
var defaults: hid_t { hid_t(H5P_DEFAULT) }

/// All elements of a dataset.
var wholeSpace: hid_t { hid_t(H5S_ALL) }

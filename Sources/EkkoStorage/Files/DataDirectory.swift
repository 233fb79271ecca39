internal import Glibc

/// An open directory with the calls a file store makes in it. All of them block.
///
/// Works by descriptor, so that a relative path keeps its meaning. Holds a lock as long as it
/// lives: two processes that write snapshots into one directory would delete each other's.
///
/// SAFETY: the names passed to the system are Swift strings, zero-terminated for the call.
final class DataDirectory: Sendable {
  let path: String
  private let descriptor: FileDescriptor
  private let lock: FileDescriptor

  private static let lockName = ".lock"

  /// Creates the directory, but not its parents, if it does not exist. Only its owner may enter it.
  init(path: String) throws(FileError) {
    self.path = path
    do {
      try SystemFailure.check { unsafe mkdir(path, 0o700) }
    } catch {
      // Whoever made it before chose its permissions.
      if error.code != EEXIST { throw FileError(path: path, call: .create, code: error.code) }
    }
    do {
      let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
      self.descriptor = FileDescriptor(
        rawValue: try SystemFailure.check { unsafe Glibc.open(path, flags) })
    } catch {
      throw FileError(path: path, call: .open, code: error.code)
    }
    do {
      let directory = self.descriptor.rawValue
      let flags = O_RDWR | O_CREAT | O_CLOEXEC
      self.lock = FileDescriptor(
        rawValue: try SystemFailure.check { unsafe openat(directory, Self.lockName, flags, 0o600) })
      let lock = self.lock.rawValue
      try SystemFailure.check { flock(lock, LOCK_EX | LOCK_NB) }
    } catch {
      throw FileError(path: path, call: .lock, code: error.code)
    }
  }

  func createFile(_ name: String) throws(FileError) -> FileDescriptor {
    FileDescriptor(rawValue: try self.open(name, O_WRONLY | O_CREAT | O_TRUNC, .create))
  }

  func openFile(_ name: String) throws(FileError) -> FileDescriptor {
    FileDescriptor(rawValue: try self.open(name, O_RDONLY, .open))
  }

  /// Gives a file another name, in place of a file that has it already.
  func rename(_ source: String, to target: String) throws(FileError) {
    let directory = self.descriptor.rawValue
    try self.perform(.rename, target) { unsafe renameat(directory, source, directory, target) }
  }

  func delete(_ name: String) throws(FileError) {
    try self.perform(.delete, name) { unsafe unlinkat(self.descriptor.rawValue, name, 0) }
  }

  /// Makes new, changed and deleted names durable.
  func sync() throws(FileError) {
    do {
      try self.descriptor.sync()
    } catch {
      throw self.error(.sync, error)
    }
  }

  /// All names but those with a dot in front, in no order.
  func names() throws(FileError) -> [String] {
    // A descriptor of its own, because reading moves its position; the stream closes it.
    let own = try self.open(".", O_RDONLY | O_DIRECTORY, .list)
    guard let stream = unsafe fdopendir(own) else {
      let code = errno
      _ = Glibc.close(own)
      throw FileError(path: self.path, call: .list, code: code)
    }
    defer { unsafe _ = closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else {
        guard errno == 0 else { throw FileError(path: self.path, call: .list, code: errno) }
        return names
      }
      // SAFETY: the entry is valid until the next call and its name ends with a zero. The name is
      // reached by its offset, because an entry may be shorter than the declared structure.
      let offset = MemoryLayout<dirent>.offset(of: \.d_name)!
      let start = unsafe UnsafeRawPointer(entry).advanced(by: offset)
      let name = unsafe String(validatingCString: start.assumingMemoryBound(to: CChar.self))
      if let name, !name.hasPrefix(".") { names.append(name) }
    }
  }

  /// The error of a call about a name, or about the directory itself.
  func error(_ call: FileError.Call, _ failure: SystemFailure, name: String? = nil) -> FileError {
    let path = name.map { self.path + "/" + $0 } ?? self.path
    return FileError(path: path, call: call, code: failure.code)
  }

  private func open(
    _ name: String, _ flags: CInt, _ call: FileError.Call
  ) throws(FileError) -> CInt {
    try self.perform(call, name) {
      unsafe openat(self.descriptor.rawValue, name, flags | O_CLOEXEC, 0o600)
    }
  }

  @discardableResult
  private func perform(
    _ call: FileError.Call, _ name: String, _ body: () -> CInt
  ) throws(FileError) -> CInt {
    do {
      return try SystemFailure.check(body)
    } catch {
      throw self.error(call, error, name: name)
    }
  }
}

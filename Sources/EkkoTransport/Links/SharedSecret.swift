internal import EkkoCore
internal import Glibc

/// The secret that the nodes and clients of a cluster share: it authenticates them to each other and
/// protects frames from change. It keeps nothing secret (DESIGN §6.1). Its bytes are never shown.
package struct SharedSecret: Sendable, CustomStringConvertible, CustomReflectable {
  /// Longer files are taken for a mistake.
  package static let byteLimit = 4096

  private let bytes: [UInt8]

  /// Why a secret file is not used.
  package enum LoadError: Error, Hashable, Sendable {
    case notFound(path: String)
    case unreadable(path: String, SystemError)
    case notAFile(path: String)
    /// Others than the owner may read or change it; it must have mode 0600 or 0400.
    case wrongMode(path: String, mode: UInt32)
    case empty(path: String)
    case tooLong(path: String, byteLimit: Int)
  }

  /// At least one byte.
  package init(bytes: [UInt8]) {
    precondition(!bytes.isEmpty, "an empty secret is none")
    self.bytes = bytes
  }

  /// Reads a secret file. Line ends at the end of the file do not belong to the secret.
  package static func load(path: String) throws(LoadError) -> SharedSecret {
    let mode: UInt32
    let contents: [UInt8]
    do throws(SystemError) {
      (mode, contents) = try Self.read(path: path)
    } catch {
      throw error.code == ENOENT ? .notFound(path: path) : .unreadable(path: path, error)
    }
    guard mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    guard [0o600, 0o400].contains(mode & 0o7777) else {
      throw .wrongMode(path: path, mode: mode & 0o7777)
    }
    guard contents.count <= Self.byteLimit else {
      throw .tooLong(path: path, byteLimit: Self.byteLimit)
    }
    var secret = contents[...]
    while let last = secret.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") {
      secret.removeLast()
    }
    guard !secret.isEmpty else { throw .empty(path: path) }
    return SharedSecret(bytes: Array(secret))
  }

  package var description: String { "SharedSecret" }

  package var customMirror: Mirror { Mirror(self, children: []) }

  func code(for message: [UInt8]) -> SHA256Digest {
    HMACSHA256.code(for: message.span, key: self.bytes.span)
  }

  /// Mode and contents of what is at `path`; no contents unless it is a file.
  private static func read(path: String) throws(SystemError) -> (mode: UInt32, [UInt8]) {
    // Without waiting, should it be a pipe.
    let number = try SystemCall.open.perform {
      unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    }
    let descriptor = Descriptor(number)
    // The opened file is asked, not the path, which may lead elsewhere by now.
    var status = stat()
    // SAFETY: the call fills a local.
    _ = try SystemCall.status.perform { unsafe fstat(descriptor.number, &status) }
    guard status.st_mode & S_IFMT == S_IFREG else { return (status.st_mode, []) }
    return (status.st_mode, try Self.readAll(descriptor))
  }

  /// The contents, or one byte more than the limit of a longer file.
  private static func readAll(_ descriptor: borrowing Descriptor) throws(SystemError) -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: Self.byteLimit + 1)
    while all.count <= Self.byteLimit {
      let count = try SystemCall.read.perform {
        // SAFETY: at most as many bytes are written as the buffer holds.
        unsafe Glibc.read(descriptor.number, &buffer, buffer.count)
      }
      guard let count, count > 0 else { break }
      all += buffer.prefix(count)
    }
    return Array(all.prefix(Self.byteLimit + 1))
  }
}

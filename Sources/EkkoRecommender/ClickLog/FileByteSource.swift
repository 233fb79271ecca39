internal import Glibc

/// The bytes of a regular file, in chunks.
///
/// Only regular files are opened: their reads wait for no peer, so a chunk may be read on any
/// thread. At the end of the file it answers `nil`, and goes on if the file has grown since.
package struct FileByteSource: ByteSource, Sendable {
  private static let chunkByteCount = 1 << 18

  private let file: OpenFile

  package init(path: String) throws(ClickLogError) {
    self.file = try OpenFile(path: path)
  }

  package func nextChunk() throws(ClickLogError) -> [UInt8]? {
    let chunk = try self.file.read(limit: Self.chunkByteCount)
    return chunk.isEmpty ? nil : chunk
  }
}

/// A file descriptor that is closed with its last reference.
private final class OpenFile: Sendable {
  private let descriptor: CInt
  private let path: String

  init(path: String) throws(ClickLogError) {
    self.path = path
    // Non-blocking, so that opening a pipe cannot wait; it changes nothing for regular files.
    self.descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard self.descriptor >= 0 else { throw .unreadable(path: path, code: errno) }
    var status = stat()
    guard unsafe fstat(self.descriptor, &status) == 0 else {
      throw .unreadable(path: path, code: errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: break
    case S_IFDIR: throw .unreadable(path: path, code: EISDIR)
    default: throw .unreadable(path: path, code: EINVAL)
    }
  }

  deinit {
    if self.descriptor >= 0 { _ = close(self.descriptor) }
  }

  func read(limit: Int) throws(ClickLogError) -> [UInt8] {
    var failure: CInt = 0
    let chunk = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      var received = -1
      repeat {
        // SAFETY: the buffer has room for `limit` bytes.
        received = unsafe Glibc.read(self.descriptor, buffer.baseAddress, limit)
      } while received < 0 && errno == EINTR
      if received < 0 { failure = errno }
      count = max(received, 0)
    }
    guard failure == 0 else { throw .unreadable(path: self.path, code: failure) }
    return chunk
  }
}

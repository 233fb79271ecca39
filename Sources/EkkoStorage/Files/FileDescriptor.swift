internal import Glibc

/// An open file or directory, closed once when its owner goes.
struct FileDescriptor: ~Copyable, Sendable {
  let rawValue: CInt

  /// Nothing is lost by not looking at the result: what must be durable was synced before.
  deinit { _ = Glibc.close(self.rawValue) }

  func append(_ bytes: [UInt8]) throws(SystemFailure) {
    var written = 0
    while written < bytes.count {
      written += try unsafe bytes.span.bytes.withUnsafeBytes { (all) throws(SystemFailure) in
        // SAFETY: written < count, so the rest lies inside the array, which outlives the call.
        let rest = unsafe UnsafeRawBufferPointer(rebasing: all[written...])
        return try SystemFailure.check {
          unsafe Glibc.write(self.rawValue, rest.baseAddress, rest.count)
        }
      }
    }
  }

  func sync() throws(SystemFailure) {
    try SystemFailure.check { fsync(self.rawValue) }
  }

  /// Up to `byteCount` bytes, fewer only at the end of the file.
  func read(upTo byteCount: Int) throws(SystemFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    var filled = 0
    while filled < byteCount {
      var span = bytes.mutableSpan
      var raw = unsafe span.mutableBytes
      let count = try unsafe raw.withUnsafeMutableBytes { (all) throws(SystemFailure) in
        // SAFETY: filled < byteCount, so the rest lies inside the array, which outlives the call.
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: all[filled...])
        return try SystemFailure.check {
          unsafe Glibc.read(self.rawValue, rest.baseAddress, rest.count)
        }
      }
      if count == 0 { break }
      filled += count
    }
    bytes.removeLast(byteCount - filled)
    return bytes
  }

  func byteCount() throws(SystemFailure) -> Int {
    var status = stat()
    // SAFETY: the call fills a local.
    try SystemFailure.check { unsafe fstat(self.rawValue, &status) }
    return Int(status.st_size)
  }
}

/// The error number of a failed system call, before it is known what the call was for.
struct SystemFailure: Error {
  let code: CInt

  /// What the system says to a name that cannot be one.
  static let invalidName = SystemFailure(code: EINVAL)

  /// Makes the call, again if a signal interrupted it.
  @discardableResult
  static func check<Result: SignedInteger>(
    _ call: () -> Result
  ) throws(SystemFailure) -> Result {
    while true {
      let result = call()
      if result != -1 { return result }
      let code = errno
      switch code {
      case EINTR: continue
      case EBADF, EFAULT: preconditionFailure("a file call failed with error \(code): our bug")
      default: throw SystemFailure(code: code)
      }
    }
  }
}

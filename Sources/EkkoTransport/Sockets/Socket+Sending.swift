internal import Glibc

/// Sending many pieces in one call.
extension Socket {
  /// Pieces that one call takes at most.
  private static let vectorLimit = 64

  /// Sends some of `pieces`, in order and at most `limit` bytes; answers how many, or `nil` if there
  /// is no room.
  func send(
    _ pieces: ArraySlice<ArraySlice<UInt8>>, limit: Int
  ) throws(SystemError) -> Int? {
    try unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.vectorLimit) {
      vectors throws(SystemError) in
      try unsafe self.send(pieces, limit: limit, vectors: vectors, filled: 0)
    }
  }

  /// Adds the first of `pieces` to those that are held in place, and so on; then sends them. Nested,
  /// because a piece stays in place only during a call.
  private func send(
    _ pieces: ArraySlice<ArraySlice<UInt8>>, limit: Int,
    vectors: UnsafeMutableBufferPointer<iovec>, filled: Int
  ) throws(SystemError) -> Int? {
    guard limit > 0, filled < vectors.count, let piece = pieces.first else {
      return try unsafe self.send(vectors, count: filled)
    }
    // Bytes have no padding to expose.
    let bytes = unsafe piece.span.bytes.extracting(first: min(limit, piece.count))
    return try unsafe bytes.withUnsafeBytes { bytes throws(SystemError) in
      // SAFETY: `filled` is below the count; the kernel only reads from the address.
      unsafe vectors[filled] = iovec(
        iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
      return try unsafe self.send(
        pieces.dropFirst(), limit: limit - bytes.count, vectors: vectors, filled: filled + 1)
    }
  }

  private func send(
    _ vectors: UnsafeMutableBufferPointer<iovec>, count: Int
  ) throws(SystemError) -> Int? {
    var message = unsafe msghdr()
    unsafe message.msg_iov = vectors.baseAddress
    unsafe message.msg_iovlen = count
    return try SystemCall.send.perform {
      // SAFETY: the first `count` vectors were filled, each with a piece that its caller holds in
      // place until this returns; everything is read during the call.
      unsafe sendmsg(self.number, &message, CInt(MSG_NOSIGNAL))
    }
  }
}

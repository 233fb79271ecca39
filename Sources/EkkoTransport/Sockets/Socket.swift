internal import CEkko
internal import Glibc

/// Owns one non-blocking TCP socket; it is closed with its owner.
struct Socket: ~Copyable {
  private let descriptor: Descriptor

  private init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// A new socket for addresses like `address`, closed on `exec`, without Nagle's delay.
  static func make(for address: SocketAddress) throws(SystemError) -> Socket {
    let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let number = try SystemCall.socket.perform {
      socket(address.family, type | CInt(SOCK_CLOEXEC.rawValue), CInt(IPPROTO_TCP))
    }
    let made = Socket(Descriptor(number))
    try made.set(CInt(IPPROTO_TCP), TCP_NODELAY)
    return made
  }

  /// The number for `CoreLoop.register`; never for a call that bypasses this type.
  var number: CInt { self.descriptor.number }

  /// Starts to connect; `pendingError` and `remoteAddress` tell how it went.
  func connect(to address: SocketAddress) throws(SystemError) {
    _ = try SystemCall.connect.perform {
      unsafe address.withPointer { unsafe Glibc.connect(self.number, $0, $1) }
    }
  }

  /// Binds and listens. Addresses in the wait after a close are taken over.
  func listen(on address: SocketAddress, backlog: CInt) throws(SystemError) {
    try self.set(SOL_SOCKET, SO_REUSEADDR)
    if address.isVersion6 { try self.set(CInt(IPPROTO_IPV6), IPV6_V6ONLY) }
    _ = try SystemCall.bind.perform {
      unsafe address.withPointer { unsafe Glibc.bind(self.number, $0, $1) }
    }
    _ = try SystemCall.listen.perform { Glibc.listen(self.number, backlog) }
  }

  /// The next waiting connection, or `nil` if there is none.
  func accept() throws(SystemError) -> Socket? {
    let number = try SystemCall.accept.perform { ekko_accept(self.number) }
    guard let number else { return nil }
    let accepted = Socket(Descriptor(number))
    try accepted.set(CInt(IPPROTO_TCP), TCP_NODELAY)
    return accepted
  }

  /// Appends up to `limit` bytes and answers how many; none at the end of the stream, `nil` if there
  /// is nothing to read yet. What is in `bytes` is not moved if its capacity is enough.
  func receive(into bytes: inout [UInt8], limit: Int) throws(SystemError) -> Int? {
    var received: Int?
    try bytes.append(addingCapacity: limit) { output throws(SystemError) in
      try unsafe output.withUnsafeMutableBufferPointer { buffer, count throws(SystemError) in
        received = try SystemCall.receive.perform {
          // SAFETY: at most `limit` bytes are written behind the first `count` of a buffer that has
          // room for as many.
          unsafe recv(self.number, buffer.baseAddress.map { unsafe $0 + count }, limit, 0)
        }
        count += received ?? 0
      }
    }
    return received
  }

  /// Throws away up to `limit` bytes; the answer as for `receive`.
  func discard(limit: Int) throws(SystemError) -> Int? {
    try SystemCall.receive.perform {
      // SAFETY: with this flag TCP counts the bytes and writes nowhere (tcp(7)).
      recv(self.number, nil, limit, CInt(MSG_TRUNC))
    }
  }

  /// Bytes that were sent and that the other side's machine has not confirmed yet.
  var unconfirmedByteCount: Int { Int(ekko_unconfirmed(self.number)) }

  /// `nil` until the system knows it.
  var path: NetworkPath? {
    let path = ekko_path_of(self.number)
    // Before the first confirmation the round trip is the largest number there is.
    guard path.segment > 0, path.round_trip_microseconds < .max else { return nil }
    return NetworkPath(
      roundTrip: .microseconds(Int64(path.round_trip_microseconds)),
      segmentByteCount: Int(path.segment))
  }

  /// Tells the other side that no more bytes follow.
  func shutdownWriting() throws(SystemError) {
    _ = try SystemCall.shutdown.perform { Glibc.shutdown(self.number, CInt(SHUT_WR)) }
  }

  /// Makes the coming close a reset, which drops what is unsent.
  func resetOnClose() throws(SystemError) {
    var value = linger(l_onoff: 1, l_linger: 0)
    _ = try SystemCall.setOption.perform {
      // SAFETY: the option is read during the call.
      unsafe setsockopt(
        self.number, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }
  }

  /// What went wrong since the last question, or zero.
  func pendingError() throws(SystemError) -> CInt {
    var code: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    _ = try SystemCall.getOption.perform {
      // SAFETY: an `int` is written into a local of that size.
      unsafe getsockopt(self.number, SOL_SOCKET, SO_ERROR, &code, &length)
    }
    return code
  }

  var localAddress: SocketAddress? {
    unsafe SocketAddress { unsafe getsockname(self.number, $0, $1) }
  }

  /// `nil` while not connected.
  var remoteAddress: SocketAddress? {
    unsafe SocketAddress { unsafe getpeername(self.number, $0, $1) }
  }

  private func set(_ level: CInt, _ option: CInt) throws(SystemError) {
    var value: CInt = 1
    _ = try SystemCall.setOption.perform {
      // SAFETY: the option is read during the call.
      unsafe setsockopt(
        self.number, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }
  }
}

internal import Glibc

/// A TCP socket whose calls wait. It belongs to a thread that measures, never to one of the pool.
struct BlockingSocket: ~Copyable {
  private let descriptor: CInt

  private init(owning descriptor: CInt) { self.descriptor = descriptor }

  deinit { _ = Glibc.close(self.descriptor) }

  /// Connects to the first address of `host` that takes it.
  static func connect(host: String, port: UInt16) throws(SocketTrouble) -> BlockingSocket {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    // SAFETY: the call fills `list`, which is freed below and not used after that.
    guard unsafe getaddrinfo(host, String(port), &hints, &list) == 0 else {
      throw SocketTrouble(call: "getaddrinfo", code: ENOENT)
    }
    defer { unsafe freeaddrinfo(list) }
    var code = ENOENT
    var next = unsafe list
    while let entry = unsafe next {
      let address = unsafe entry.pointee
      let descriptor = socket(unsafe address.ai_family, Int32(SOCK_STREAM.rawValue), 0)
      if descriptor >= 0 {
        if unsafe Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 {
          let connected = BlockingSocket(owning: descriptor)
          connected.sendAtOnce()
          return connected
        }
        code = errno
        _ = Glibc.close(descriptor)
      } else {
        code = errno
      }
      unsafe next = address.ai_next
    }
    throw SocketTrouble(call: "connect", code: code)
  }

  /// Listens on a free port of 127.0.0.1.
  static func listen() throws(SocketTrouble) -> BlockingSocket {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SocketTrouble(call: "socket", code: errno) }
    let listener = BlockingSocket(owning: descriptor)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // SAFETY: an IPv4 address is a socket address of `length` bytes, all of which the call reads.
    let status = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe bind(descriptor, pointer, length)
      }
    }
    guard status == 0, Glibc.listen(descriptor, 1) == 0 else {
      throw SocketTrouble(call: "bind", code: errno)
    }
    return listener
  }

  /// The port it listens on.
  func port() throws(SocketTrouble) -> UInt16 {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // SAFETY: as above; the call writes no more than `length` bytes.
    let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe getsockname(self.descriptor, pointer, &length)
      }
    }
    guard status == 0 else { throw SocketTrouble(call: "getsockname", code: errno) }
    return UInt16(bigEndian: address.sin_port)
  }

  /// The next connection.
  func accept() throws(SocketTrouble) -> BlockingSocket {
    while true {
      let accepted = Glibc.accept(self.descriptor, nil, nil)
      if accepted >= 0 { return BlockingSocket(owning: accepted) }
      if errno != EINTR { throw SocketTrouble(call: "accept", code: errno) }
    }
  }

  /// Sends all of `bytes`.
  func send(_ bytes: borrowing Span<UInt8>) throws(SocketTrouble) {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBufferPointer { buffer in
        // SAFETY: reads the rest of the span, which has a base as it is not empty.
        unsafe Glibc.send(
          self.descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        sent += count
      } else if errno != EINTR {
        throw SocketTrouble(call: "send", code: errno)
      }
    }
  }

  /// Waits for bytes and puts them at the start of `buffer`.
  ///
  /// - Returns: how many; zero at the end of the stream.
  func receive(into buffer: inout [UInt8]) throws(SocketTrouble) -> Int {
    while true {
      // SAFETY: at most as many bytes are written as the buffer holds.
      let count = unsafe recv(self.descriptor, &buffer, buffer.count, 0)
      if count >= 0 { return count }
      if errno != EINTR { throw SocketTrouble(call: "recv", code: errno) }
    }
  }

  /// From now on a call that waits for longer than this fails.
  func limitWaits(seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    let length = socklen_t(MemoryLayout<timeval>.size)
    // SAFETY: options of the size told. Who cannot set them waits longer, no more.
    _ = unsafe setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, length)
    _ = unsafe setsockopt(self.descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, length)
  }

  private func sendAtOnce() {
    var yes: CInt = 1
    // SAFETY: an option of the size told. Without it small batches only wait longer.
    _ = unsafe setsockopt(
      self.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
  }
}

/// A socket call that failed.
package struct SocketTrouble: Error, Hashable, Sendable, CustomStringConvertible {
  let call: String
  let code: CInt

  package var description: String {
    // SAFETY: a string that ends with zero, copied at once.
    "\(self.call): \(unsafe String(cString: strerror(self.code)))"
  }
}

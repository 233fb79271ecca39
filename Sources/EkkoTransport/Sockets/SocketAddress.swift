internal import Glibc

/// An IPv4 or IPv6 address with a port, as the system calls want it.
struct SocketAddress: Sendable, Equatable {
  /// The bytes of a `sockaddr_in` or `sockaddr_in6`.
  private let bytes: [UInt8]

  /// Parses an address in digits; a name gives `nil`.
  init?(numericHost host: String, port: UInt16) {
    var version4 = in_addr()
    var version6 = in6_addr()
    // SAFETY: `inet_pton` reads a terminated string and fills the local of the family's size.
    if unsafe inet_pton(AF_INET, host, &version4) == 1 {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr = version4
      self.bytes = unsafe withUnsafeBytes(of: &address) { unsafe Array($0) }
    } else if unsafe inet_pton(AF_INET6, host, &version6) == 1 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = version6
      self.bytes = unsafe withUnsafeBytes(of: &address) { unsafe Array($0) }
    } else {
      return nil
    }
  }

  /// Copies what a system call filled in; `nil` for any family but the two.
  private init?(_ bytes: UnsafeRawBufferPointer) {
    // SAFETY: the lengths are checked before the family's fields are relied on.
    guard bytes.count >= MemoryLayout<sa_family_t>.size else { return nil }
    let family = unsafe CInt(bytes.loadUnaligned(as: sa_family_t.self))
    let needed =
      switch family {
      case AF_INET: MemoryLayout<sockaddr_in>.size
      case AF_INET6: MemoryLayout<sockaddr_in6>.size
      default: Int.max
      }
    guard bytes.count >= needed else { return nil }
    self.bytes = unsafe Array(bytes.prefix(needed))
  }

  /// Lets `fill` write an address and its length, as `getsockname` does.
  init?(_ fill: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let capacity = Int(length)
    // SAFETY: the storage is larger than any address; the length read is clamped to it.
    let status = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe fill($0, &length) }
    }
    guard status == 0 else { return nil }
    let count = min(Int(length), capacity)
    guard
      let address = unsafe withUnsafeBytes(
        of: &storage, { unsafe SocketAddress(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) })
    else { return nil }
    self = address
  }

  /// The addresses of a list that `getaddrinfo` made, in its order.
  static func all(of list: UnsafeMutablePointer<addrinfo>?) -> [SocketAddress] {
    var addresses: [SocketAddress] = []
    var next = unsafe list
    // SAFETY: the list is the system's and alive; each node holds `ai_addrlen` bytes of address.
    while let node = unsafe next {
      if let pointer = unsafe node.pointee.ai_addr,
        let address = unsafe SocketAddress(
          UnsafeRawBufferPointer(start: pointer, count: Int(node.pointee.ai_addrlen)))
      {
        addresses.append(address)
      }
      unsafe next = node.pointee.ai_next
    }
    return addresses
  }

  var family: CInt {
    unsafe self.bytes.withUnsafeBytes { unsafe CInt($0.loadUnaligned(as: sa_family_t.self)) }
  }

  var isVersion6: Bool { self.family == AF_INET6 }

  var isLoopback: Bool {
    if self.isVersion6 {
      // The address follows family, port and flow label.
      return Array(self.bytes[8..<24]) == [UInt8](repeating: 0, count: 15) + [1]
    }
    return self.bytes[4] == 127
  }

  /// 0.0.0.0, ::, or the former written as the latter.
  var isWildcard: Bool {
    if self.isVersion6 {
      let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 0, 0, 0, 0]
      let address = Array(self.bytes[8..<24])
      return address.allSatisfy { $0 == 0 } || address == mapped
    }
    return self.bytes[4..<8].allSatisfy { $0 == 0 }
  }

  var endpoint: Endpoint {
    // The port is in network order after the family, in both families.
    let port = UInt16(self.bytes[2]) << 8 | UInt16(self.bytes[3])
    let offset = self.isVersion6 ? 8 : 4
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    // SAFETY: the bytes after `offset` are an address of the family; the text fits the longest.
    let isWritten = unsafe self.bytes.withUnsafeBytes {
      unsafe inet_ntop(
        self.family, $0.baseAddress! + offset, &text, socklen_t(INET6_ADDRSTRLEN)) != nil
    }
    precondition(isWritten, "an address of a known family has a text")
    let digits = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return Endpoint(host: String(decoding: digits, as: UTF8.self), port: port)
  }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    // SAFETY: the bytes are a whole address of its family and outlive the call.
    unsafe self.bytes.withUnsafeBytes {
      unsafe body(
        $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
    }
  }
}

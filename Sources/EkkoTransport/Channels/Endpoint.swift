internal import Glibc

/// A host and a port, written `HOST:PORT`: an IPv4 address, an IPv6 address in brackets, or a name.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
  /// Without brackets.
  package let host: String
  package let port: UInt16

  /// Why a text is not an endpoint.
  package enum ParseError: Error, Hashable, Sendable {
    case missingPort(String)
    case invalidPort(String)
    case invalidHost(String)
  }

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  package init(parsing text: String) throws(ParseError) {
    guard let colon = text.lastIndex(of: ":") else { throw .missingPort(text) }
    let digits = text[text.index(after: colon)...]
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(digits) else {
      throw .invalidPort(text)
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]"), host.count > 2 {
      host = host.dropFirst().dropLast()
      guard SocketAddress(numericHost: String(host), port: port)?.isVersion6 == true else {
        throw .invalidHost(text)
      }
    } else if host.isEmpty || !host.utf8.allSatisfy(Self.isNameByte) {
      throw .invalidHost(text)
    }
    self.init(host: String(host), port: port)
  }

  /// Whether only this machine can reach it: 127.0.0.0/8, ::1, or the name `localhost`.
  package var isLoopback: Bool {
    if self.host == "localhost" { return true }
    return SocketAddress(numericHost: self.host, port: self.port)?.isLoopback ?? false
  }

  /// Whether it stands for all addresses of a machine: one may listen on it, but nobody elsewhere can
  /// connect to it.
  package var isWildcard: Bool {
    SocketAddress(numericHost: self.host, port: self.port)?.isWildcard ?? false
  }

  package var description: String {
    self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

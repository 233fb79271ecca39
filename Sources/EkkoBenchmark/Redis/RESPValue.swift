/// One reply of Redis (RESP2).
indirect enum RESPValue: Hashable, Sendable {
  case simple(String)
  case error(String)
  case integer(Int64)
  case bulk([UInt8])
  case missing
  case list([RESPValue])

  /// What the bytes say as text; `nil` of anything else.
  var text: String? {
    switch self {
    case .simple(let text): text
    case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
    default: nil
    }
  }
}

/// Reads replies out of bytes as they come, and takes what it has read off their front.
struct RESPReader: Sendable {
  private var bytes: ArraySlice<UInt8> = []

  /// Deeper replies are refused: no command that is sent here has them.
  private static let depthLimit = 8
  private static let longestList = 1 << 20

  mutating func append(_ more: ArraySlice<UInt8>) { self.bytes += more }

  /// The next reply; `nil` while it has not come whole.
  mutating func next() throws(RedisTrouble) -> RESPValue? {
    var rest = self.bytes
    guard let value = try Self.value(&rest, depth: 0) else { return nil }
    self.bytes = rest
    return value
  }

  private static func value(
    _ rest: inout ArraySlice<UInt8>, depth: Int
  ) throws(RedisTrouble) -> RESPValue? {
    guard depth < Self.depthLimit else { throw .notRedis }
    guard let line = try Self.line(&rest) else { return nil }
    let content = String(decoding: line.dropFirst(), as: UTF8.self)
    switch line.first {
    case UInt8(ascii: "+"): return .simple(content)
    case UInt8(ascii: "-"): return .error(content)
    case UInt8(ascii: ":"):
      guard let number = Int64(content) else { throw .notRedis }
      return .integer(number)
    case UInt8(ascii: "$"):
      guard let count = Int(content), count >= -1 else { throw .notRedis }
      guard count >= 0 else { return .missing }
      guard rest.count >= count + 2 else { return nil }
      let bulk = rest.prefix(count)
      rest = rest.dropFirst(count + 2)
      return .bulk(Array(bulk))
    case UInt8(ascii: "*"):
      guard let count = Int(content), (-1...Self.longestList).contains(count) else {
        throw .notRedis
      }
      guard count >= 0 else { return .missing }
      var list: [RESPValue] = []
      for _ in 0..<count {
        guard let value = try Self.value(&rest, depth: depth + 1) else { return nil }
        list.append(value)
      }
      return .list(list)
    default: throw .notRedis
    }
  }

  private static func line(
    _ rest: inout ArraySlice<UInt8>
  ) throws(RedisTrouble) -> ArraySlice<UInt8>? {
    guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let line = rest[..<end]
    guard line.count > 1, line.last == UInt8(ascii: "\r") else { throw .notRedis }
    rest = rest[(end + 1)...]
    return line.dropLast()
  }
}

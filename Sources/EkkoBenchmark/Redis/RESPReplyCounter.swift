/// Counts whole replies of Redis as their bytes come and keeps none of them, so that who measures it
/// is not what limits it.
struct RESPReplyCounter: Sendable {
  /// Replies that have come whole.
  private(set) var count = 0
  /// Those among them that held nothing where a value was asked for.
  private(set) var missingCount = 0

  /// Bytes of a value, its end included, that are yet to come.
  private var ahead = 0
  /// The number that the present line tells; lines come in pieces.
  private var kind: UInt8 = 0
  private var number = 0
  private var isNegative = false
  /// Elements of a list that are yet to come; lists are not nested in what is asked here.
  private var elementsAhead = 0
  private var error: [UInt8] = []

  private static let errorLimit = 200

  /// Takes the first `count` of `bytes`.
  ///
  /// - Throws: what Redis says, if it refuses a command.
  mutating func take(_ bytes: [UInt8], count: Int) throws(RedisTrouble) {
    var place = 0
    while place < count {
      if self.ahead > 0 {
        let step = min(self.ahead, count - place)
        self.ahead -= step
        place += step
        if self.ahead == 0 { self.endElement() }
        continue
      }
      let byte = bytes[place]
      place += 1
      try self.take(byte)
    }
  }

  private mutating func take(_ byte: UInt8) throws(RedisTrouble) {
    if self.kind == 0 {
      switch byte {
      case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "$"),
        UInt8(ascii: "*"):
        self.kind = byte
      default: throw .notRedis
      }
      self.number = 0
      self.isNegative = false
      return
    }
    switch byte {
    case UInt8(ascii: "\n"): try self.endLine()
    case UInt8(ascii: "-"): self.isNegative = true
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      self.number = (self.number &* 10 &+ Int(byte - UInt8(ascii: "0"))) & (1 << 40 - 1)
    default: break
    }
    if self.kind == UInt8(ascii: "-"), self.error.count < Self.errorLimit, byte >= 32 {
      self.error.append(byte)
    }
  }

  private mutating func endLine() throws(RedisTrouble) {
    let kind = self.kind
    self.kind = 0
    switch kind {
    case UInt8(ascii: "-"): throw .refused(String(decoding: self.error, as: UTF8.self))
    case UInt8(ascii: "$") where !self.isNegative: self.ahead = self.number + 2
    case UInt8(ascii: "*") where !self.isNegative && self.number > 0:
      guard self.elementsAhead == 0 else { throw .notRedis }
      self.elementsAhead = self.number
    case UInt8(ascii: "$"):
      self.missingCount += 1
      self.endElement()
    default: self.endElement()
    }
  }

  private mutating func endElement() {
    if self.elementsAhead > 0 {
      self.elementsAhead -= 1
      guard self.elementsAhead == 0 else { return }
    }
    self.count += 1
  }
}

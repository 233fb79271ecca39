/// Requests to Redis in its own protocol (RESP2), one behind the other as they are sent.
struct RESPRequests: Sendable {
  private(set) var bytes: [UInt8] = []
  private(set) var count = 0

  /// Adds a command and its arguments.
  mutating func append(_ words: [[UInt8]]) {
    self.write(UInt8(ascii: "*"), words.count)
    for word in words {
      self.write(UInt8(ascii: "$"), word.count)
      self.bytes += word
      self.endLine()
    }
    self.count += 1
  }

  mutating func append(_ words: [String]) { self.append(words.map { Array($0.utf8) }) }

  private mutating func write(_ kind: UInt8, _ count: Int) {
    self.bytes.append(kind)
    self.bytes += String(count).utf8
    self.endLine()
  }

  private mutating func endLine() {
    self.bytes.append(UInt8(ascii: "\r"))
    self.bytes.append(UInt8(ascii: "\n"))
  }
}

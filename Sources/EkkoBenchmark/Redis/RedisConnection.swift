internal import EkkoCore

/// One connection to Redis; it belongs to the thread that opened it.
final class RedisConnection {
  private let socket: BlockingSocket
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  private var counter = RESPReplyCounter()
  private var reader = RESPReader()
  /// Replies that were asked for in batches.
  private var expected = 0

  private static let patience = 30

  init(to address: RedisAddress) throws(RedisTrouble) {
    do throws(SocketTrouble) {
      self.socket = try BlockingSocket.connect(host: address.host, port: address.port)
    } catch {
      throw .noAnswer(address, error)
    }
    self.socket.limitWaits(seconds: Self.patience)
  }

  /// Sends one command and waits for its reply. No batch may be under way.
  @discardableResult
  func ask(_ words: [String]) throws(RedisTrouble) -> RESPValue {
    var request = RESPRequests()
    request.append(words)
    try self.write(request.bytes.span)
    while true {
      if let value = try self.reader.next() {
        if case .error(let why) = value { throw .refused(why) }
        return value
      }
      let count = try self.read()
      self.reader.append(self.buffer[..<count])
    }
  }

  /// Sends a batch of commands; `finish` waits for what was not answered.
  func send(_ batch: RedisBatch) throws(RedisTrouble) {
    self.expected += batch.replyCount
    try self.write(batch.bytes.span)
  }

  /// Waits for the replies to every batch that was sent.
  func finish() throws(RedisTrouble) {
    while self.counter.count < self.expected {
      let count = try self.read()
      try self.counter.take(self.buffer, count: count)
    }
  }

  /// Values that were asked for and not there.
  var missingCount: Int { self.counter.missingCount }

  private func write(_ bytes: Span<UInt8>) throws(RedisTrouble) {
    do throws(SocketTrouble) { try self.socket.send(bytes) } catch { throw .lost(error) }
  }

  private func read() throws(RedisTrouble) -> Int {
    let count: Int
    do throws(SocketTrouble) { count = try self.socket.receive(into: &self.buffer) } catch {
      throw .lost(error)
    }
    guard count > 0 else { throw .ended }
    return count
  }
}

/// What `INFO` tells of the server.
struct RedisServerState: Hashable, Sendable {
  private let fields: [Substring: Substring]

  init(of connection: RedisConnection) throws(RedisTrouble) {
    guard let text = try connection.ask(["INFO", "everything"]).text else { throw .notRedis }
    self.init(parsing: text)
  }

  /// Lines of the form `name:value`; others are headings.
  init(parsing text: String) {
    var fields: [Substring: Substring] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon]] = line[line.index(after: colon)...]
    }
    self.fields = fields
  }

  subscript(name: Substring) -> Substring? { self.fields[name] }

  /// User and system time of the process, all its threads together.
  var processorTime: Duration? {
    guard let user = self["used_cpu_user"].flatMap({ Double($0) }),
      let system = self["used_cpu_sys"].flatMap({ Double($0) })
    else { return nil }
    return .seconds(user + system)
  }
}

import Testing

@testable import EkkoBenchmark

@Suite struct RESPTests {
  @Test func `requests are arrays of bulk strings, one behind the other`() {
    var requests = RESPRequests()

    requests.append(["SET", "key", "äb"])
    requests.append(["PING"])

    #expect(
      String(decoding: requests.bytes, as: UTF8.self)
        == "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\näb\r\n*1\r\n$4\r\nPING\r\n")
    #expect(requests.count == 2)
  }

  private static let replies: [(String, RESPValue)] = [
    ("+OK\r\n", .simple("OK")), ("-ERR no\r\n", .error("ERR no")), (":-12\r\n", .integer(-12)),
    ("$5\r\na\r\nbc\r\n", .bulk(Array("a\r\nbc".utf8))), ("$0\r\n\r\n", .bulk([])),
    ("$-1\r\n", .missing), ("*0\r\n", .list([])), ("*-1\r\n", .missing),
    ("*2\r\n$1\r\nx\r\n*1\r\n:7\r\n", .list([.bulk([120]), .list([.integer(7)])])),
  ]

  @Test func `replies are read whatever pieces they come in`() throws {
    let all = Self.replies.map(\.0).joined()
    for piece in [1, 2, 3, 1000] {
      var reader = RESPReader()
      var read: [RESPValue] = []
      var rest = Array(all.utf8)[...]
      while !rest.isEmpty {
        reader.append(rest.prefix(piece))
        rest = rest.dropFirst(piece)
        while let value = try reader.next() { read.append(value) }
      }
      #expect(read == Self.replies.map(\.1))
    }
  }

  @Test(arguments: ["HTTP/1.1 400\r\n", "$x\r\n", "$-2\r\n", "*9999999\r\n", "+OK\n", ":\r\n"])
  func `what is no reply is refused`(_ text: String) {
    var reader = RESPReader()
    reader.append(Array(text.utf8)[...])

    #expect(throws: RedisTrouble.notRedis) { try reader.next() }
  }

  @Test func `lists within lists without end are refused`() {
    var reader = RESPReader()
    reader.append(Array(String(repeating: "*1\r\n", count: 100).utf8)[...])

    #expect(throws: RedisTrouble.notRedis) { try reader.next() }
  }

  @Test func `replies are counted whatever pieces they come in`() throws {
    let text =
      "+OK\r\n$3\r\n\r\n1\r\n:-5\r\n*2\r\n$2\r\nab\r\n$-1\r\n$-1\r\n*0\r\n$0\r\n\r\n+OK\r\n"
    for piece in 1...8 {
      var counter = RESPReplyCounter()
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let bytes = Array(rest.prefix(piece))
        // What follows in the buffer is none of it.
        try counter.take(bytes + Array("-ERR\r\n".utf8), count: bytes.count)
        rest = rest.dropFirst(piece)
      }
      #expect(counter.count == 8)
      #expect(counter.missingCount == 2)
    }
  }

  @Test func `a refused command is told in the words of Redis`() {
    var counter = RESPReplyCounter()
    let bytes = Array("+OK\r\n-OOM command not allowed\r\n".utf8)

    #expect(throws: RedisTrouble.refused("OOM command not allowed")) {
      try counter.take(bytes, count: bytes.count)
    }
    #expect(counter.count == 1)
  }

  @Test func `a batch holds whole commands and names only keys of ours`() {
    let set = RedisBatch(.set, [7, 8], value: [120])
    #expect(
      String(decoding: set.bytes, as: UTF8.self)
        == "*3\r\n$3\r\nSET\r\n$23\r\nekko-bench:000000000007\r\n$1\r\nx\r\n"
        + "*3\r\n$3\r\nSET\r\n$23\r\nekko-bench:000000000008\r\n$1\r\nx\r\n")
    #expect(set.replyCount == 2 && set.keyCount == 2)

    let get = RedisBatch(.multipleGet, Array(0..<20)[...], value: [120])
    #expect(get.replyCount == 2 && get.keyCount == 20)

    let random = RedisBatch.random(.multipleSet, count: 3, keyCount: 5, value: [120], seed: 1)
    #expect(random.map(\.keyCount) == [160, 160, 160])
    #expect(random.map(\.replyCount) == [16, 16, 16])
  }
}

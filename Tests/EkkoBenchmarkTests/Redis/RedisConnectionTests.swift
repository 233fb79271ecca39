import Foundation
import Testing

@testable import EkkoBenchmark

@Suite struct RedisConnectionTests {
  @Test func `an address is of the form that Redis's own tools take`() {
    #expect(
      RedisAddress(parsing: "redis://127.0.0.1:6379") == RedisAddress(host: "127.0.0.1", port: 6379)
    )
    #expect(
      RedisAddress(parsing: "redis://localhost:7/") == RedisAddress(host: "localhost", port: 7))
    for text in [
      "127.0.0.1:6379", "redis://127.0.0.1", "redis://a:b@c:1", "redis://h:1/2", "redis://h:0",
    ] {
      #expect(RedisAddress(parsing: text) == nil)
    }
  }

  @Test func `the state of a server is read out of its text`() {
    let state = RedisServerState(
      parsing: "# CPU\r\nused_cpu_sys:0.5\r\nused_cpu_user:1.25\r\n\r\nmaster_link_status:up\r\n")
    #expect(state.processorTime == .milliseconds(1750))
    #expect(state["master_link_status"] == "up")
    #expect(RedisServerState(parsing: "used_cpu_sys:0.5").processorTime == nil)
  }

  @Test func `who does not answer is told`() throws {
    // Closed at once, so that nobody listens there.
    let port = try BlockingSocket.listen().port()
    let address = RedisAddress(host: "127.0.0.1", port: port)

    #expect(
      throws: RedisTrouble.noAnswer(address, SocketTrouble(call: "connect", code: ECONNREFUSED))
    ) {
      try RedisConnection(to: address)
    }
  }

  @Test func `batches and questions share a connection`() async throws {
    let address = try Self.serve("+OK\r\n+OK\r\n", "$4\r\nPONG\r\n")

    try await onThread { _ in
      let connection = try RedisConnection(to: address)
      try connection.send(RedisBatch(.set, [1, 2], value: [1]))
      try connection.finish()
      #expect(connection.missingCount == 0)
      #expect(try connection.ask(["PING"]) == .bulk(Array("PONG".utf8)))
    }
  }

  @Test func `a refusal and an end are told`() async throws {
    let address = try Self.serve("-ERR wrong\r\n")

    try await onThread { _ in
      let connection = try RedisConnection(to: address)
      #expect(throws: RedisTrouble.refused("ERR wrong")) { try connection.ask(["PING"]) }
      #expect(throws: RedisTrouble.ended) { try connection.ask(["PING"]) }
    }
  }

  /// Listens for one connection and answers what comes on it with one text after the other.
  private static func serve(_ texts: String...) throws -> RedisAddress {
    let listener = Listener(try BlockingSocket.listen())
    let port = try listener.socket.port()
    Thread {
      var buffer = [UInt8](repeating: 0, count: 4096)
      guard let stream = try? listener.socket.accept() else { return }
      for text in texts {
        _ = try? stream.receive(into: &buffer)
        try? stream.send(Array(text.utf8).span)
      }
    }.start()
    return RedisAddress(host: "127.0.0.1", port: port)
  }

  private final class Listener: Sendable {
    let socket: BlockingSocket

    init(_ socket: consuming BlockingSocket) { self.socket = socket }
  }
}

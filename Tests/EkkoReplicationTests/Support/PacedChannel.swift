import EkkoCore
import EkkoTransport

/// A channel in memory that claims to know the way.
struct PacedChannel: ByteChannel {
  let channel: any ByteChannel
  let path: NetworkPath?

  var home: Home { self.channel.home }
  var isFull: Bool { self.channel.isFull }
  var outflow: Outflow { self.channel.outflow }

  func read(into bytes: inout [UInt8], room: Int) async throws(TransportError) -> Bool {
    try await self.channel.read(into: &bytes, room: room)
  }

  func write(_ pieces: [ArraySlice<UInt8>]) async throws(TransportError) {
    try await self.channel.write(pieces)
  }

  func close() async { await self.channel.close() }
  func abort() { self.channel.abort() }

  /// Two ends of a link, the first over such a channel.
  static func openLinks(over path: NetworkPath?, on runtime: Runtime) async throws -> (Link, Link) {
    let home = Home(index: 0)
    let transport = MemoryTransport()
    let listener = try await transport.listen(
      on: Endpoint(host: "127.0.0.1", port: 0), homes: [home])
    async let accepted = Link.accept(
      PacedChannel(channel: try await listener.accept()!, path: path),
      as: Self.identity("a"), secret: nil, runtime: runtime)
    let opened = try await Link.open(
      try await transport.connect(to: listener.endpoint, on: home), as: Self.identity("b"),
      secret: nil, runtime: runtime)
    return (try await accepted, opened)
  }

  private static func identity(_ name: String) -> LinkIdentity {
    LinkIdentity(
      cluster: ClusterID(rawValue: 7), name: name,
      incarnation: IncarnationID(rawValue: name == "a" ? 1 : 2), roles: .inference,
      dataCentre: "dc", form: .serving)
  }
}

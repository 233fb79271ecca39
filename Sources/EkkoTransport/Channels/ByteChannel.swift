package import EkkoCore

/// An ordered stream of bytes in each direction between two sides.
///
/// Promises: bytes arrive in order, none twice and none invented, as long as the channel lives. It
/// may break at any moment and then loses a suffix of what was written. Its buffers are bounded:
/// who writes faster than the other side reads is made to wait. Nothing is promised about where
/// pieces are cut.
///
/// At most one task reads and at most one writes at a time; the two do not disturb each other.
/// Cancelling the task ends a wait with `TransportError.cancelled`.
package protocol ByteChannel: Sendable {
  /// Where the tasks that serve this channel should run.
  var home: Home { get }

  /// Appends the next bytes, at least one and at most `ChannelLimits.readByteCount`; answers `false`
  /// once the other side has closed and everything it wrote was read. Where `bytes` has the
  /// capacity, what is there already is not moved. With an error nothing was appended.
  ///
  /// - Parameter room: how many the reader has a use for; a channel that gets its bytes in pieces
  ///   anyway need not cut them.
  func read(into bytes: inout [UInt8], room: Int) async throws(TransportError) -> Bool

  /// Hands over the bytes of `pieces` for sending, after waiting while more than the high watermark
  /// is unsent. It returns when they are accepted, not when they have arrived. Either all are
  /// accepted or, with an error, the channel is broken (`cancelled`: none are).
  ///
  /// Large pieces are sent from where they are, so one that has to wait keeps the array it is from.
  func write(_ pieces: [ArraySlice<UInt8>]) async throws(TransportError)

  /// Whether more than the high watermark is unsent, so that a write would wait now.
  var isFull: Bool { get }

  /// How far what was written has come. Any thread may ask.
  var outflow: Outflow { get }

  /// What it knows of the way, if it is one that bytes may have to queue for. Any thread may ask.
  var path: NetworkPath? { get }

  /// Ends the channel in order: what was accepted is sent, for a bounded time, then both
  /// directions end. Waiting calls throw `closed`. Idempotent, and not hurried by cancellation.
  func close() async

  /// Ends the channel at once; what is unsent is lost, and the other side sees `reset`. Any thread
  /// may call it, any number of times.
  func abort()
}

extension ByteChannel {
  package var path: NetworkPath? { nil }

  /// The next bytes in an array of their own; `nil` at the end.
  package func read() async throws(TransportError) -> [UInt8]? {
    var bytes: [UInt8] = []
    return try await self.read(into: &bytes, room: 64 << 10) ? bytes : nil
  }

  package func write(_ bytes: [UInt8]) async throws(TransportError) {
    try await self.write([bytes[...]])
  }
}

extension [ArraySlice<UInt8>] {
  /// The bytes of all pieces in one array.
  package func joinedBytes() -> [UInt8] {
    if self.count == 1 { return [UInt8](self[0]) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(self.reduce(0) { $0 + $1.count })
    for piece in self { bytes.append(contentsOf: piece) }
    return bytes
  }
}

/// How much a channel may hold.
package struct ChannelLimits: Hashable, Sendable {
  /// Most bytes that one `read` returns.
  package var readByteCount = 1 << 20
  /// While more bytes than this are unsent, `write` waits; so at most this much and one write more
  /// is held.
  package var highWatermark = 512 << 10
  /// How long `close` goes on sending, and then waits for the other side's end.
  package var closeTimeout = Duration.seconds(2)
  package var connectTimeout = Duration.seconds(5)
  /// If set, every transfer is cut into pieces of at most this size, for tests.
  package var largestPieceByteCount: Int?

  package init() {}
}

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

  /// The next bytes, at least one and at most `ChannelLimits.readByteCount`; `nil` once the other
  /// side has closed and everything it wrote was read.
  func read() async throws(TransportError) -> [UInt8]?

  /// Hands over `bytes` for sending, after waiting while more than the high watermark is unsent.
  /// It returns when they are accepted, not when they have arrived. Either all are accepted or,
  /// with an error, the channel is broken (`cancelled`: none are).
  func write(_ bytes: [UInt8]) async throws(TransportError)

  /// Whether more than the high watermark is unsent, so that a write would wait now.
  var isFull: Bool { get }

  /// How far what was written has come. Any thread may ask.
  var outflow: Outflow { get }

  /// Ends the channel in order: what was accepted is sent, for a bounded time, then both
  /// directions end. Waiting calls throw `closed`. Idempotent, and not hurried by cancellation.
  func close() async

  /// Ends the channel at once; what is unsent is lost, and the other side sees `reset`. Any thread
  /// may call it, any number of times.
  func abort()
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

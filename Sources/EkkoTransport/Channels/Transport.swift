package import EkkoCore

/// Makes channels: in memory, over sockets, or simulated. Drivers depend on the promises of
/// `ByteChannel`, not on which one it is.
package protocol Transport: Sendable {
  /// Opens a channel to whoever listens at `endpoint`, for tasks that run at `home`.
  func connect(to endpoint: Endpoint, on home: Home) async throws(TransportError)
    -> any ByteChannel

  /// Starts to listen; accepted channels are dealt out to `homes` in turn.
  func listen(on endpoint: Endpoint, homes: [Home]) async throws(TransportError)
    -> any ChannelListener
}

/// Receives the channels that others open to one endpoint. One task accepts at a time.
package protocol ChannelListener: Sendable {
  /// Where it listens, with the port that was found if port 0 was asked for.
  var endpoint: Endpoint { get }

  /// The next channel, or `nil` once the listener is closed. `resourcesExhausted` is worth another
  /// attempt after a while.
  func accept() async throws(TransportError) -> (any ByteChannel)?

  /// Stops listening and refuses who still waits. Idempotent.
  func close() async
}

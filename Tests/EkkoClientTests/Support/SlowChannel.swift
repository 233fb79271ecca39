import EkkoCore
import EkkoTransport

/// A channel whose bytes come as over a narrow way, so many a second, and from some byte on not at all.
final class SlowChannel: ByteChannel {
  let home: Home
  private let inner: any ByteChannel
  private let clock: any RuntimeClock
  private let bytesPerSecond: Int
  private let end: Int
  private let byteCount = Guarded(0)

  init(
    _ inner: any ByteChannel, bytesPerSecond: Int, end: Int = .max, clock: any RuntimeClock
  ) {
    self.home = inner.home
    self.inner = inner
    self.bytesPerSecond = bytesPerSecond
    self.end = end
    self.clock = clock
  }

  func read(into bytes: inout [UInt8], room: Int) async throws(TransportError) -> Bool {
    while self.byteCount.withLock({ $0 >= self.end }) { try await self.sleep(for: .seconds(3600)) }
    guard let piece = try await self.inner.read() else { return false }
    self.byteCount.withLock { $0 += piece.count }
    try await self.sleep(for: .seconds(Double(piece.count) / Double(self.bytesPerSecond)))
    bytes += piece
    return true
  }

  private func sleep(for duration: Duration) async throws(TransportError) {
    do { try await self.clock.sleep(for: duration) } catch { throw .cancelled }
  }

  func write(_ pieces: [ArraySlice<UInt8>]) async throws(TransportError) {
    try await self.inner.write(pieces)
  }

  var isFull: Bool { self.inner.isFull }

  var outflow: Outflow { self.inner.outflow }

  func close() async { await self.inner.close() }

  func abort() { self.inner.abort() }
}

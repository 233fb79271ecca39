internal import EkkoCore
internal import Foundation

/// What this machine's loopback can carry: one thread that sends and one that receives, nothing else.
struct LoopbackStream: Sendable {
  /// Of one run with one size of write.
  var duration = Duration.milliseconds(60)
  var writeByteCounts = [4 << 10, 16 << 10, 64 << 10, 256 << 10]

  /// Bytes a second at the best size of write.
  func best() async throws -> Double {
    var best = 0.0
    for size in self.writeByteCounts { best = max(best, try await self.rate(writing: size)) }
    return best
  }

  private func rate(writing size: Int) async throws -> Double {
    let duration = self.duration
    return try await onThread { _ in
      let listener = try BlockingSocket.listen()
      let port = try listener.port()
      let sender = Thread { Self.send(to: port, size, for: duration) }
      sender.start()
      let stream = try listener.accept()
      var buffer = [UInt8](repeating: 0, count: max(size, 64 << 10))
      var total = 0
      let start = ContinuousClock.now
      while true {
        let count = try stream.receive(into: &buffer)
        guard count > 0 else { break }
        total += count
      }
      return Double(total) / start.duration(to: .now).inSeconds
    }
  }

  private static func send(to port: UInt16, _ size: Int, for duration: Duration) {
    let bytes = [UInt8](repeating: 7, count: size)
    let start = ContinuousClock.now
    do throws(SocketTrouble) {
      let stream = try BlockingSocket.connect(host: "127.0.0.1", port: port)
      while start.duration(to: .now) < duration { try stream.send(bytes.span) }
    } catch {
      // The receiver sees the end, and tells what came until then.
    }
  }
}

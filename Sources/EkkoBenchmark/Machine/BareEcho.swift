internal import EkkoCore
internal import Foundation

/// What the machine itself makes of a call and its answer: two threads on a loopback socket, nothing else.
/// Where other programs have work for every processor, an answer waits for a turn on one, whoever gives it.
struct BareEcho: Sendable {
  var requestByteCount: Int
  var replyByteCount: Int

  /// The 99th of a hundred calls, one after the other for so long, in milliseconds.
  func tail(for duration: Duration) async throws -> Double {
    try await onThread { _ in
      let listener = try BlockingSocket.listen()
      let port = try listener.port()
      let answering = Thread { self.answer(at: port) }
      answering.start()
      let stream = try listener.accept()
      let request = [UInt8](repeating: 7, count: self.requestByteCount)
      var buffer = [UInt8](repeating: 0, count: self.replyByteCount)
      var milliseconds: [Double] = []
      let start = ContinuousClock.now
      while start.duration(to: .now) < duration {
        let begin = ContinuousClock.now
        try stream.send(request.span)
        guard try Self.receive(self.replyByteCount, from: stream, &buffer) else { break }
        milliseconds.append(begin.duration(to: .now).inSeconds * 1000)
      }
      return Samples(milliseconds).quantile(0.99)
    }
  }

  private func answer(at port: UInt16) {
    let reply = [UInt8](repeating: 7, count: self.replyByteCount)
    var buffer = [UInt8](repeating: 0, count: self.requestByteCount)
    do throws(SocketTrouble) {
      let stream = try BlockingSocket.connect(host: "127.0.0.1", port: port)
      while try Self.receive(self.requestByteCount, from: stream, &buffer) {
        try stream.send(reply.span)
      }
    } catch {
      // The other side has what it came for, or says what is wrong.
    }
  }

  /// - Returns: whether so many bytes came before the end.
  private static func receive(
    _ count: Int, from stream: borrowing BlockingSocket, _ buffer: inout [UInt8]
  ) throws(SocketTrouble) -> Bool {
    var left = count
    while left > 0 {
      let received = try stream.receive(into: &buffer)
      guard received > 0 else { return false }
      left -= received
    }
    return true
  }
}

import Glibc
import Testing

@testable import EkkoNode

@Suite struct StandardStreamTests {
  /// Two ends of a pipe; the reading one can be closed early.
  private func withPipe(_ body: (_ reading: inout CInt, _ writing: CInt) throws -> Void) throws {
    var ends: [CInt] = [-1, -1]
    try #require(pipe(&ends) == 0)
    var reading = ends[0]
    defer {
      close(ends[1])
      if reading >= 0 { close(reading) }
    }
    try body(&reading, ends[1])
  }

  @Test func `lines are written whole, and a pipe is no terminal`() throws {
    try self.withPipe { reading, writing in
      let stream = StandardStream(descriptor: writing, name: "a pipe")

      try stream.print(["one", "zwei é"])
      try stream.print([])
      try stream.print("three")

      var buffer = [UInt8](repeating: 0, count: 64)
      let count = read(reading, &buffer, buffer.count)
      #expect(String(decoding: buffer.prefix(count), as: UTF8.self) == "one\nzwei é\nthree\n")
      #expect(!stream.isDrawable)
      #expect(stream.size == PanelDrawing.Size(columns: 80, rows: 24))
    }
  }

  @Test func `a full stream that does not wait is waited for`() async throws {
    var ends: [CInt] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let (reading, writing) = (ends[0], ends[1])
    try #require(fcntl(writing, F_SETFL, O_NONBLOCK) == 0)
    let text = String(repeating: "x", count: 1 << 20)

    // Both sides wait for each other, so each has a thread of its own.
    async let written = OwnThread.run { () -> Bool in
      defer { close(writing) }
      return (try? StandardStream(descriptor: writing, name: "a pipe").write(text)) != nil
    }
    async let received = OwnThread.run { () -> Int in
      defer { close(reading) }
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      var total = 0
      while case let count = read(reading, &buffer, buffer.count), count > 0 { total += count }
      return total
    }

    #expect(await written)
    #expect(await received == text.utf8.count)
  }

  @Test func `writing where nobody reads is a file's trouble`() throws {
    try self.withPipe { reading, writing in
      close(reading)
      reading = -1
      let former = signal(SIGPIPE, SIG_IGN)
      defer { signal(SIGPIPE, former) }

      do throws(Failure) {
        try StandardStream(descriptor: writing, name: "a pipe").print("x")
        Issue.record("it was written")
      } catch {
        #expect(error.exitCode == .fileTrouble)
        #expect(
          error.line
            == "ekko-node: cannot write to a pipe: nobody reads it any more. Direct it elsewhere.")
      }
    }
  }
}

/// Runs what waits for the system on a thread of its own.
private enum OwnThread {
  private final class Work {
    let body: () -> Void

    init(_ body: @escaping () -> Void) { self.body = body }
  }

  static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      let work = Unmanaged.passRetained(Work { continuation.resume(returning: body()) })
      var thread = pthread_t()
      let status = pthread_create(
        &thread, nil,
        { pointer in
          Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue().body()
          return nil
        }, work.toOpaque())
      precondition(status == 0, "no thread")
      pthread_detach(thread)
    }
  }
}

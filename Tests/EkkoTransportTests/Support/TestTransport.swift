import EkkoCore
import EkkoTransport
import Testing

/// The transports that the conformance suites run on, each also cut into the smallest pieces.
enum TestTransport: String, CaseIterable, Sendable {
  case memory, memoryInSmallPieces, sockets, socketsInSmallPieces
  /// Sockets on loops that watch them as any system can.
  case portable, portableInSmallPieces

  static let inWholePieces: [TestTransport] = [.memory, .sockets, .portable]
  static let socketsInWholePieces: [TestTransport] = [.sockets, .portable]

  /// Whether every transfer is cut into pieces of one byte: then large transfers are out of reach.
  var isInSmallPieces: Bool {
    switch self {
    case .memoryInSmallPieces, .socketsInSmallPieces, .portableInSmallPieces: true
    case .memory, .sockets, .portable: false
    }
  }

  /// How the loops must watch their sockets.
  var method: PollMethod {
    switch self {
    case .portable, .portableInSmallPieces: .portable
    case .memory, .memoryInSmallPieces, .sockets, .socketsInSmallPieces: .usual
    }
  }

  func make(loops: CoreLoops, limits: ChannelLimits = ChannelLimits()) -> any Transport {
    var limits = limits
    if self.isInSmallPieces { limits.largestPieceByteCount = 1 }
    return switch self {
    case .memory, .memoryInSmallPieces: MemoryTransport(limits: limits)
    case .sockets, .socketsInSmallPieces, .portable, .portableInSmallPieces:
      SocketTransport(loops: loops, limits: limits)
    }
  }
}

/// Two loops with a transport and both ends of one channel over it.
struct ChannelPair: Sendable {
  let runtime: Runtime
  let transport: any Transport
  let near: any ByteChannel
  let far: any ByteChannel

  /// Runs `body` on the first loop, then aborts both ends and stops the loops.
  static func with<Result: Sendable>(
    _ kind: TestTransport, limits: ChannelLimits = ChannelLimits(),
    _ body: @escaping @Sendable (ChannelPair) async throws -> Result
  ) async throws -> Result {
    try await withLoops(kind.method) { loops in
      let transport = kind.make(loops: loops, limits: limits)
      let listener = try await transport.listen(
        on: Endpoint(host: "127.0.0.1", port: 0), homes: [Home(index: 1)])
      let near = try await transport.connect(to: listener.endpoint, on: Home(index: 0))
      let far = try #require(try await listener.accept())
      await listener.close()
      defer {
        near.abort()
        far.abort()
      }
      return try await body(
        ChannelPair(
          runtime: Runtime.live(loops: loops), transport: transport, near: near, far: far))
    }
  }
}

/// Runs `body` on the first of two fresh loops and stops them when it has ended.
func withLoops<Value: Sendable>(
  _ method: PollMethod = .usual, _ body: @escaping @Sendable (CoreLoops) async throws -> Value
) async throws -> Value {
  let loops = try CoreLoops.start(count: 2, method: method)
  let task = Runtime.live(loops: loops).spawn(on: Home(index: 0)) {
    () async -> Result<Value, any Error> in
    do { return .success(try await body(loops)) } catch { return .failure(error) }
  }
  let outcome = await task.value
  await loops.stop()
  return try outcome.get()
}

extension ByteChannel {
  /// Reads to the orderly end.
  func readAll() async throws(TransportError) -> [UInt8] {
    var all: [UInt8] = []
    while let bytes = try await self.read() { all += bytes }
    return all
  }

  /// Reads until an error and answers it with what came before.
  func readUntilFailure() async -> ([UInt8], TransportError?) {
    var all: [UInt8] = []
    do throws(TransportError) {
      while let bytes = try await self.read() { all += bytes }
      return (all, nil)
    } catch {
      return (all, error)
    }
  }

  /// The error of writing `bytes`, if any.
  func failureOfWriting(_ bytes: [UInt8]) async -> TransportError? {
    do throws(TransportError) {
      try await self.write(bytes)
      return nil
    } catch {
      return error
    }
  }
}

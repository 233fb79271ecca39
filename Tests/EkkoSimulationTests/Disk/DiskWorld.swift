import EkkoCore
import EkkoSimulation
import EkkoStorage

/// One disk and the process that has it, which can be started again.
// SAFETY (Sendable): touched on the test's thread only.
final class DiskWorld: @unchecked Sendable {
  let simulation: Simulation
  let disk: SimulatedDisk
  private(set) var process: SimulatedProcess
  private var store: any FileStore
  private let tester: SimulatedProcess

  init(seed: UInt64 = 1) {
    self.simulation = Simulation(seed: seed)
    self.disk = SimulatedDisk(self.simulation)
    self.tester = self.simulation.makeProcess("tester")
    self.process = self.simulation.makeProcess("node")
    self.store = self.disk.store(for: self.process)
  }

  /// Ends the process as by a power cut and starts it again, after `body`.
  func restart(_ body: () -> Void = {}) {
    self.process.die()
    body()
    self.process = self.simulation.makeProcess("node")
    self.store = self.disk.store(for: self.process)
  }

  func run<Value: Sendable>(
    _ body: @escaping @Sendable (any FileStore) async throws -> Value
  ) throws -> Value {
    let store = self.store
    return try self.simulation.run(as: self.tester) { () async -> Result<Value, any Error> in
      do { return .success(try await body(store)) } catch { return .failure(error) }
    }.get()
  }

  func sleep(_ duration: Duration) throws {
    let clock = self.tester.clock
    try self.simulation.run(as: self.tester) { try? await clock.sleep(for: duration) }
  }
}

/// The error that a call on files ends with.
func failure(_ body: () async throws -> Void) async -> FileError? {
  do {
    try await body()
    return nil
  } catch {
    return error as? FileError
  }
}

extension FileStore {
  func publish(_ pieces: [UInt8]..., as name: String) async throws {
    let writer = try await self.create(name)
    for piece in pieces { try await writer.append(piece) }
    try await writer.publish()
  }

  func content(_ name: String) async throws -> [UInt8] {
    let reader = try await self.open(name)
    var content: [UInt8] = []
    while true {
      let piece = try await reader.read(upTo: 64)
      if piece.isEmpty { return content }
      content += piece
    }
  }
}

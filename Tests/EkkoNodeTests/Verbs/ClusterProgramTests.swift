import EkkoCore
import EkkoReplication
import EkkoTransport
import Testing

@testable import EkkoNode

@Suite(.timeLimit(.minutes(5))) struct ClusterProgramTests {
  @Test func `a node that has not joined a cluster yet says so to every question`() async throws {
    let loops = try CoreLoops.start(count: 1)
    let runtime = Runtime.live(loops: loops)
    // Nobody listens on port 1.
    var configuration = NodeConfiguration(
      name: "b", roles: .inference, dataCentre: "dc2",
      listen: Endpoint(host: "127.0.0.1", port: 0))
    configuration.join = [Endpoint(host: "127.0.0.1", port: 1)]
    let node = try await StoreNode.start(
      configuration, transport: SocketTransport(loops: loops), runtime: runtime)
    let running = runtime.spawn(on: Home(index: 0)) { await node.run() }

    var access = ClusterAccess(join: [node.endpoint])
    // Enough for a first answer on a busy machine.
    access.timeout = .seconds(3)
    let cluster = access
    let rows = RowSelection(model: "demo", table: "wide", keys: [1])
    async let status = Self.failure {
      try await ClusterProgram.status(StatusOptions(cluster: cluster, json: false))
    }
    async let lag = Self.failure {
      try await ClusterProgram.lag(LagOptions(cluster: cluster, json: false))
    }
    async let get = Self.failure {
      try await RowProgram.get(GetOptions(cluster: cluster, rows: rows, json: false))
    }
    async let put = Self.failure {
      try await RowProgram.put(
        PutOptions(
          cluster: cluster, rows: rows, values: [[1]], durability: .primary, json: false))
    }
    let failures = await [status, lag, get, put]
    running.cancel()
    await running.value
    await loops.stop()

    for failure in failures {
      #expect(failure?.why == "\(node.endpoint) has not joined a cluster yet")
      #expect(failure?.exitCode == .unavailable)
    }
  }

  private static func failure(_ body: @Sendable () async throws -> Void) async -> Failure? {
    await #expect(throws: Failure.self) { try await body() }
  }
}

internal import EkkoCore
internal import EkkoNode
internal import EkkoTransport

/// Nodes in this process, each on a core loop of its own.
extension ReplicateCluster {
  /// Over memory.
  static func memory(replicas: Int, shape: ReplicateShape) async throws -> ReplicateCluster {
    let transport = MemoryTransport()
    return try await Self.inProcess(replicas: replicas, shape: shape) { _ in transport }
  }

  /// - Parameter transport: over the loops of one node, or of the clients.
  static func inProcess(
    replicas: Int, shape: ReplicateShape, transport: (CoreLoops) -> any Transport
  ) async throws -> ReplicateCluster {
    let loops = try CoreLoops.start(count: replicas + 3)
    var running: [Task<Void, Never>] = []
    var nodes: [Endpoint] = []
    do {
      for number in 0...replicas {
        let own = loops.subset(number..<(number + 1))
        let runtime = Runtime.live(loops: own)
        var configuration = NodeConfiguration(
          name: number == 0 ? "primary" : "replica-\(number)",
          roles: number == 0 ? .training : .inference,
          dataCentre: number == 0 ? "dc1" : "dc2-\(number)",
          listen: Endpoint(host: "127.0.0.1", port: 0))
        configuration.join = Array(nodes.prefix(1))
        let node = try await StoreNode.start(
          configuration, transport: transport(own), runtime: runtime)
        nodes.append(node.endpoint)
        running.append(runtime.spawn(on: Home(index: 0)) { await node.run() })
      }
    } catch {
      await Self.end(running, loops)
      throw error
    }
    let started = running
    let clients = loops.subset((replicas + 1)..<(replicas + 3))
    return try await Self.connect(
      to: nodes, primary: nil, shape: shape, transport: transport, loops: clients,
      end: { await Self.end(started, loops) })
  }

  private static func end(_ running: [Task<Void, Never>], _ loops: CoreLoops) async {
    for task in running.reversed() {
      task.cancel()
      await task.value
    }
    await loops.stop()
  }
}

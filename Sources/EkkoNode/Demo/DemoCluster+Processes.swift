internal import EkkoClient
internal import EkkoCore
internal import EkkoReplication
internal import EkkoTransport

/// The demo's nodes as processes of their own, on loopback sockets.
extension DemoCluster {
  static func processes(
    dataCentres: Int, replicas: Int, loops: CoreLoops
  ) async throws -> DemoCluster {
    let runtime = Runtime.live(loops: loops)
    let children = ChildNodes(runtime: runtime)
    do {
      return try await Self.start(
        children, dataCentres: dataCentres, replicas: replicas,
        transport: SocketTransport(loops: loops),
        runtime: runtime)
    } catch {
      await children.stopAll()
      throw error
    }
  }

  private static func start(
    _ children: ChildNodes, dataCentres: Int, replicas: Int, transport: SocketTransport,
    runtime: Runtime
  ) async throws -> DemoCluster {
    var endpoints: [[Endpoint]] = []
    var shown: [DataCentre] = []
    var clients: [EkkoClient] = []
    for dataCentre in 0..<dataCentres {
      endpoints.append([])
      var here: [any DemoReplica] = []
      for replica in 0..<replicas {
        let name = Self.name(dataCentre: dataCentre, replica: replica)
        let endpoint = try await children.start(
          name, role: dataCentre == 0 ? "training" : "inference",
          dataCentre: "dc\(dataCentre + 1)",
          join: Self.upstream(dataCentre: dataCentre, replica: replica, endpoints: endpoints))
        endpoints[dataCentre].append(endpoint)
        let client = EkkoClient(
          endpoints: [endpoint], transport: transport, runtime: runtime, timeout: .seconds(10))
        clients.append(client)
        here.append(
          RemoteReplica(name: name, endpoint: endpoint, client: client, model: Self.model))
      }
      shown.append(
        DataCentre(
          name: "dc\(dataCentre + 1)", role: dataCentre == 0 ? "training" : "inference",
          replicas: here))
    }
    let opened = clients
    return DemoCluster(
      dataCentres: shown, trainingEndpoints: endpoints[0], transport: transport,
      stop: {
        for client in opened { await client.close() }
        await children.stopAll()
      })
  }
}

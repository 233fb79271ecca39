internal import EkkoClient
internal import EkkoCore
internal import EkkoReplication
internal import EkkoTransport

/// The demo's data centres: the first trains, the others serve.
struct DemoCluster: Sendable {
  struct DataCentre: Sendable {
    let name: String
    /// `training` or `inference`.
    let role: String
    let replicas: [any DemoReplica]
  }

  let dataCentres: [DataCentre]
  /// Where a client reaches the training nodes.
  let trainingEndpoints: [Endpoint]
  let transport: any Transport
  /// Ends every node.
  let stop: @Sendable () async -> Void

  static let model = "demo"

  static func name(dataCentre: Int, replica: Int) -> String { "dc\(dataCentre + 1)-\(replica + 1)" }

  /// Whom a replica pulls from. Training nodes find one another; of an inference data centre the
  /// first replica pulls from all of them, the others from the first, and from a training node if
  /// that falls silent.
  static func upstream(
    dataCentre: Int, replica: Int, endpoints: [[Endpoint]]
  ) -> [Endpoint] {
    if dataCentre == 0 { return replica == 0 ? [] : [endpoints[0][0]] }
    if replica == 0 { return endpoints[0] }
    return [endpoints[dataCentre][0], endpoints[0][replica % endpoints[0].count]]
  }

  /// Starts all nodes in this process, over memory, on `loops`.
  ///
  /// - Parameter replicates: without, each training node holds what it is primary of and no more.
  static func inProcess(
    dataCentres: Int, replicas: Int, replicates: Bool = true, loops: CoreLoops
  ) async throws -> DemoCluster {
    let transport = MemoryTransport()
    var stores: [[StoreNode]] = []
    var tasks: [Task<Void, Never>] = []
    var number = 0
    for dataCentre in 0..<dataCentres {
      stores.append([])
      for replica in 0..<replicas {
        var configuration = NodeConfiguration(
          name: Self.name(dataCentre: dataCentre, replica: replica),
          roles: dataCentre == 0 ? .training : .inference, dataCentre: "dc\(dataCentre + 1)",
          listen: Endpoint(host: "127.0.0.1", port: 0))
        configuration.join = Self.upstream(
          dataCentre: dataCentre, replica: replica, endpoints: stores.map { $0.map(\.endpoint) })
        configuration.replicates = replicates
        let place = dataCentre % loops.count
        let runtime = Runtime.live(loops: loops.subset(place..<(place + 1)))
        let store = try await StoreNode.start(
          configuration, transport: transport, runtime: runtime)
        tasks.append(runtime.spawn(on: Home(index: 0)) { await store.run() })
        stores[dataCentre].append(store)
        number += 1
      }
    }
    let running = tasks
    return DemoCluster(
      dataCentres: stores.enumerated().map { index, stores in
        DataCentre(
          name: "dc\(index + 1)", role: index == 0 ? "training" : "inference",
          replicas: stores.map { LocalReplica(store: $0, model: Self.model) })
      },
      trainingEndpoints: stores[0].map(\.endpoint), transport: transport,
      stop: {
        for task in running { task.cancel() }
        for task in running { await task.value }
      })
  }
}

internal import EkkoClient
internal import EkkoCore
internal import EkkoReplication
internal import EkkoTransport
internal import Foundation

/// The demo's nodes as processes of their own, on loopback sockets.
extension DemoCluster {
  static func processes(
    dataCentres: Int, replicas: Int, loops: CoreLoops
  ) async throws -> DemoCluster {
    let children = ChildNodes()
    do {
      return try await Self.start(
        children, dataCentres: dataCentres, replicas: replicas, loops: loops)
    } catch {
      await children.stopAll()
      throw error
    }
  }

  private static func start(
    _ children: ChildNodes, dataCentres: Int, replicas: Int, loops: CoreLoops
  ) async throws -> DemoCluster {
    let transport = SocketTransport(loops: loops)
    let runtime = Runtime.live(loops: loops)
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

/// The processes of the demo's nodes. They end with the demo, whatever becomes of it.
private actor ChildNodes {
  private var children: [Process] = []

  /// Starts a node of this very program and returns where it listens.
  func start(
    _ name: String, role: String, dataCentre: String, join: [Endpoint]
  ) throws -> Endpoint {
    let configuration = FileManager.default.temporaryDirectory
      .appendingPathComponent("ekko-demo-\(UUID().uuidString).json5")
    try Data("{default_model: false}".utf8).write(to: configuration)
    defer { try? FileManager.default.removeItem(at: configuration) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [
      "--role", role, "--data-center", dataCentre, "--listen", "127.0.0.1:0",
      "--config", configuration.path,
    ]
    if !join.isEmpty {
      process.arguments?.append(contentsOf: [
        "--join", join.map(\.description).joined(separator: ","),
      ])
    }
    let output = Pipe()
    process.standardOutput = output
    // What a node says of its peers coming and going is no news in a demo.
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.children.append(process)
    let line = Self.firstLine(of: output.fileHandleForReading)
    guard let word = line.split(separator: " ").first(where: { $0.hasPrefix("listen=") }),
      let endpoint = try? Endpoint(parsing: String(word.dropFirst("listen=".count)))
    else {
      throw DemoError.node(name: name, why: "its process did not become ready")
    }
    return endpoint
  }

  /// Read by the byte: what follows the line belongs to nobody.
  private static func firstLine(of file: FileHandle) -> String {
    var bytes: [UInt8] = []
    while let next = try? file.read(upToCount: 1), let byte = next.first, byte != 10 {
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  func stopAll() async {
    for child in self.children { child.terminate() }
    for child in self.children {
      while child.isRunning { try? await SystemClock().sleep(for: .milliseconds(10)) }
    }
    self.children = []
  }
}

internal import EkkoCore
internal import EkkoRecommender
package import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport
internal import Foundation

/// `ekko-node --role …`: one node over sockets, until a signal ends it.
struct NodeProgram {
  let options: NodeOptions

  func run() async throws {
    let signals = Signals(endsWithInput: self.options.endsWithInput)
    let configuration = try await self.configuration()
    guard !signals.haveCome else { return }
    let loops = try CoreLoops.start(count: configuration.homes)
    let result: Result<Void, any Error>
    do { result = .success(try await self.run(configuration, loops: loops, until: signals)) } catch
    {
      result = .failure(error)
    }
    await loops.stop()
    try result.get()
  }

  private func run(
    _ configuration: NodeConfiguration, loops: CoreLoops, until signals: Signals
  ) async throws {
    let runtime = Runtime.live(loops: loops)
    let transport = SocketTransport(loops: loops)
    let log = NodeLog(
      format: self.options.logFormat,
      node: configuration.name.isEmpty ? configuration.dataCentre : configuration.name)
    let refusal = Guarded<String?>(nil)
    let store: StoreNode
    do throws(StartFailure) {
      store = try await StoreNode.start(
        configuration, transport: transport, runtime: runtime,
        onEvent: { event in
          log.write(event.name, event.message)
          guard case .refused(let why) = event else { return }
          refusal.withLock { $0 = why }
          signals.ask()
        })
    } catch {
      switch error {
      case .listening(let error): throw Failure(listeningOn: configuration.listen, error)
      case .files(let error): throw Failure(error, in: self.options.dataDirectory ?? "")
      }
    }
    try await store.remember()
    let running = runtime.spawn(on: Home(index: 0)) { await store.run() }
    let told = Result { () throws(Failure) in
      try StandardStream.output.print(self.readyLine(of: store))
    }
    if case .success = told {
      await signals.wait()
      log.write("stopping", "leaving")
    }
    running.cancel()
    await running.value
    try told.get()
    if let why = refusal.withLock(\.self) {
      throw Failure(
        what: "the cluster does not take this node", why: why,
        doThis: "Start it when no other of its name runs; give a copy a directory of its own",
        exitCode: .configuration)
    }
    // Who was started by another program ends with its whole cluster.
    if !self.options.endsWithInput { await store.leaveCluster() }
  }

  private func readyLine(of store: StoreNode) -> String {
    let identity = store.node.identity
    let roles = identity.roles.contains(.training) ? "training" : "inference"
    return "ready node=\(identity.name) role=\(roles) data_center=\(identity.dataCentre) "
      + "listen=\(store.endpoint) http=off"
  }

  private func configuration() async throws -> NodeConfiguration {
    var configuration = NodeConfiguration(
      name: "", roles: self.options.roles, dataCentre: self.options.effectiveDataCentre,
      listen: self.options.effectiveListen)
    configuration.zone = self.options.zone
    configuration.advertise = self.options.advertise
    configuration.join = self.options.join
    configuration.homes = ProcessInfo.processInfo.activeProcessorCount
    if let path = self.options.secretFile {
      do throws(SharedSecret.LoadError) {
        configuration.secret = try SharedSecret.load(path: path)
      } catch {
        throw Failure(error)
      }
    }
    do throws(BindPolicy.Refusal) {
      try BindPolicy.check(configuration.listen, secret: configuration.secret)
    } catch {
      throw Failure(error)
    }
    guard configuration.advertise != nil || !configuration.listen.isWildcard else {
      throw Failure(unadvertised: configuration.listen)
    }
    if self.options.makesDefaultModel, configuration.founds {
      configuration.firstModel = DefaultModel.draft
    }
    guard let directory = self.options.dataDirectory else { return configuration }
    let files: POSIXFileStore
    do throws(FileError) { files = try POSIXFileStore(directory: directory) } catch {
      throw Failure(error)
    }
    do throws(UnusableFiles) { try await configuration.takeUp(files) } catch {
      throw Failure(error, in: directory)
    }
    return configuration
  }
}

/// The model every cluster has from its start, unless told otherwise.
package enum DefaultModel {
  package static let name = "demo"

  /// The tables of the default ranking model; they do not depend on the log it learns from.
  package static var draft: ModelDraft {
    let model = RankingModelKind.wideAndDeep.model(
      layout: ClickLogFormat.criteo.layout, seed: 1)
    return ModelDraft(name: Self.name, application: "", shardCount: 16, tables: model.tables)
  }
}

extension NodeEvent {
  var name: String {
    switch self {
    case .peer(.connected): "connected"
    case .peer(.unreachable): "unreachable"
    case .peer(.lost): "lost"
    case .refused: "refused"
    case .peer(.itself): "trouble"
    case .recovered: "recovered"
    case .trouble: "trouble"
    case .caughtUp: "caught_up"
    }
  }

  var message: String {
    switch self {
    case .peer(.connected(let endpoint, let name)): "pulling from \(name) at \(endpoint)"
    case .peer(.unreachable(let endpoint, let why)):
      "no peer answers at \(endpoint) (\(why)); trying again"
    case .peer(.lost(let endpoint, let why)):
      "lost the peer at \(endpoint)\(why.map { " (\($0))" } ?? ""); trying again"
    case .refused(let why): "the cluster does not take this node: \(why)"
    case .peer(.itself(let endpoint)):
      "\(endpoint) is this node itself; it pulls nothing from there. Correct --join"
    case .recovered(let event):
      "lost updates recovered from \(event.name): \(Figures.grouped(event.rows)) rows; the state of "
        + "their optimiser starts anew"
    case .trouble(let sentence): sentence
    case .caughtUp(let loaded, let rows, let bytes):
      "caught up: \(Figures.grouped(loaded)) rows from files, \(Figures.grouped(rows)) rows in "
        + "\(Figures.bytes(bytes)) from peers"
    }
  }
}

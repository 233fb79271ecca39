internal import EkkoClient
internal import EkkoCore
internal import EkkoReplication

/// What one simulated client does, and what it was told.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class ClientLoad: @unchecked Sendable {
  let plan: PlannedClient
  private let world: World
  private let process: SimulatedProcess
  private let client: EkkoClient
  private let operations: [PlannedOperation]
  private let shards: Int
  private let overlap: Int
  private var session = Session()
  private let sessionTurn = Turnstile()
  /// The latest version that each key was seen in by this client's session.
  private var seen: [UInt64: ParameterVersion] = [:]
  private(set) var acknowledged: [AcknowledgedWrite] = []
  private(set) var pushes: [CountedPush] = []
  /// Calls that were acknowledged.
  private(set) var writes = 0

  init(_ place: Int, of plan: ScenarioPlan, in world: World) {
    self.world = world
    self.plan = plan.clients[place]
    self.process = world.simulation.makeProcess(self.plan.name)
    // Some ten times across, for opening links as well.
    self.client = world.client(
      self.plan, process: self.process, timeout: .seconds(2) + plan.options.wideLatency * 10)
    self.operations = plan.operations.filter { $0.client == place }
    self.shards = plan.options.shards
    self.overlap = plan.options.overlap
  }

  /// Runs the planned operations, each at its time after `start`, and ends when all are answered.
  func run(from start: Int64) async {
    await self.asClient { await self.performAll(from: start) }
  }

  /// Runs one operation to its end.
  func perform(_ operation: PlannedOperation) async {
    await self.asClient { await self.carryOut(operation) }
  }

  func close() async { await self.asClient { await self.client.close() } }

  /// Runs `body` in the client's own process. A task that prefers another executor than the actors
  /// that it is on gets a job from the runtime at every step that may be a hop, also where it is none.
  private func asClient(_ body: () async -> Void) async {
    await withTaskExecutorPreference(self.process) { await body() }
  }

  private func performAll(from start: Int64) async {
    let gate = Gate(places: self.overlap)
    await withDiscardingTaskGroup { group in
      for operation in self.operations {
        let wait = start + operation.at.wholeNanoseconds - self.world.simulation.now
        if wait > 0 { try? await self.process.clock.sleep(for: .nanoseconds(wait)) }
        await gate.enter()
        guard !Task.isCancelled, self.world.watch.violation == nil else { break }
        group.addTask {
          await self.carryOut(operation)
          gate.leave()
        }
      }
    }
  }

  private func carryOut(_ operation: PlannedOperation) async {
    do throws(EkkoError) {
      switch operation.kind {
      case .read: try await self.read(operation)
      case .put, .push, .delete: try await self.write(operation)
      }
    } catch {
      // Not acknowledged: it may have been applied or not.
    }
  }

  private func write(_ operation: PlannedOperation) async throws(EkkoError) {
    let change: TableWrite.Change =
      switch operation.kind {
      case .put, .read:
        .put(
          operation.keys.flatMap {
            ScenarioTable.values(number: operation.number, key: $0)
          })
      case .push:
        .push(
          operation.keys.flatMap {
            operation.table.gradient(number: operation.number, key: $0)
          })
      case .delete: .delete
      }
    let first = self.pushes.count
    if operation.kind == .push, operation.table == .counts {
      self.pushes += operation.keys.map { key in
        CountedPush(
          shard: operation.table.shard(of: key, count: self.shards), key: key,
          number: operation.number)
      }
    }
    let last = self.pushes.count
    let before = operation.durability == .primary ? [:] : self.world.memberships()
    let receipt = try await self.client.write(
      [TableWrite(table: operation.table.name, keys: operation.keys, change: change)],
      to: ScenarioTable.modelName, durability: operation.durability)
    self.writes += 1
    for place in first..<last { self.pushes[place].isAcknowledged = true }
    for (key, version) in zip(operation.keys, receipt.versions[0]) {
      guard let version else { continue }
      let acknowledged = AcknowledgedWrite(
        shard: operation.table.shard(of: key, count: self.shards),
        row: ShardHistory.RowKey(table: operation.table.rawValue, key: key), version: version)
      self.acknowledged.append(acknowledged)
      self.world.checkAtOrigin(acknowledged)
      self.world.checkDurability(of: acknowledged, operation.durability, before: before)
    }
  }

  /// Reads all that this client has put into the table whose rows expire, at the end, when all clocks are
  /// right: what is past its time is not served.
  func readExpired() async {
    let keys = Set(self.operations.filter { $0.table == .expiring }.flatMap(\.keys)).sorted()
    guard !keys.isEmpty else { return }
    await self.asClient {
      guard
        let rows = try? await self.client.get(
          keys, from: ScenarioTable.expiring.name, of: ScenarioTable.modelName)
      else { return }
      // A version may lie some way ahead of its time.
      let due = ScenarioTable.timeToLive + .seconds(1)
      let now = self.process.clock.now().wall.microseconds
      for (place, key) in keys.enumerated() where rows.isFound(at: place) {
        guard let version = rows.versions[place] else { continue }
        let age = Int64(now) - Int64(version.timestamp.microseconds)
        if Duration.microseconds(age) > due {
          self.world.watch.report(
            Violation(.reads, "key \(key) is served, \(age / 1000) ms after it was written"))
        }
      }
    }
  }

  /// Reads in the session: rows are whole, and never older than what it has seen.
  private func read(_ operation: PlannedOperation) async throws(EkkoError) {
    // A session is one line of reads.
    guard await self.sessionTurn.enter() else { return }
    defer { self.sessionTurn.leave() }
    let before = operation.keys.map { self.seen[$0] }
    var session = self.session
    let rows: Rows
    do throws(EkkoError) {
      rows = try await self.client.get(
        [TableRead(table: operation.table.name, keys: operation.keys)],
        of: ScenarioTable.modelName, session: &session)[0]
    } catch {
      // What this session has seen may be lost: another begins.
      if error == .tooLate {
        self.session = Session()
        self.seen = [:]
      }
      throw error
    }
    self.session = session
    for (place, key) in operation.keys.enumerated() {
      guard let version = rows.versions[place] else { continue }
      if ScenarioTable.number(of: rows[place], key: key) == nil {
        self.world.watch.report(
          Violation(.reads, "key \(key): no write has put \(Array(rows[place]))"))
      }
      let shard = operation.table.shard(of: key, count: self.shards)
      if let earlier = before[place], version < earlier,
        !self.world.watch.wasReissued(
          ShardHistory.RowKey(table: operation.table.rawValue, key: key), of: shard)
      {
        self.world.watch.report(
          Violation(
            .reads,
            "\(self.plan.name), key \(key): the session went back from \(earlier.text) to "
              + version.text))
      }
      self.seen[key] = max(self.seen[key] ?? version, version)
    }
  }
}

/// Lets so many through at a time. One task enters.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
private final class Gate: @unchecked Sendable {
  private var places: Int
  private let wakeup = Wakeup()

  init(places: Int) { self.places = places }

  func enter() async {
    while self.places == 0, !Task.isCancelled { await self.wakeup.wait() }
    self.places -= 1
  }

  func leave() {
    self.places += 1
    self.wakeup.signal()
  }
}

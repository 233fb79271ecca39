package import EkkoCore
package import EkkoReplication
package import EkkoStorage

/// Saves a node's shards to files now and then, and loads them when the node starts again, so that it
/// pulls only what it missed.
package actor Snapshots: ShardSource {
  private let files: any FileStore
  private let node: ReplicaNode
  private let interval: Duration
  private let executor: ActorExecutor
  private let turn = Turnstile()
  /// The announcement each shard's file stands for.
  private var saved: [ShardID: UInt64] = [:]
  /// Shards whose files are there and could not be read. Those are left as they are, for a life that
  /// can, or for somebody to look at.
  private var unread: [ShardID: SnapshotError] = [:]
  /// Hears of shards that could not be saved or loaded; the same trouble once.
  private let onTrouble: @Sendable (String) -> Void
  private var lastTrouble: String?
  /// The rows that were loaded.
  package private(set) var rowsLoaded = 0

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  package init(
    files: any FileStore, node: ReplicaNode, interval: Duration,
    onTrouble: @escaping @Sendable (String) -> Void
  ) {
    self.onTrouble = onTrouble
    self.files = files
    self.node = node
    self.interval = interval
    self.executor = node.runtime.executor(for: Home(index: 0))
  }

  /// Saves now and then; see `SavingPace`.
  package func run() async {
    var pace = SavingPace(interval: self.interval)
    var pause = self.interval
    while (try? await self.node.clock.sleep(for: pause)) != nil {
      #if PlantedBugs
        if PlantedBug.active == .notSavedWhileRunning { continue }
      #endif
      let start = self.node.clock.now().monotonic
      await self.saveAll()
      pause = pace.pause(after: start.duration(to: self.node.clock.now().monotonic))
    }
  }

  /// Saves every shard that has changed since it was saved last.
  package func saveAll() async {
    for actor in self.node.shards.all { _ = await self.save(actor) }
  }

  /// Saves a shard, if it has changed since it was saved last; tells of trouble with that.
  package func save(_ actor: ShardActor) async -> Bool {
    do throws(SnapshotError) {
      try await self.write(actor)
      return true
    } catch {
      self.note(
        "cannot save shard \(actor.id.index) of model \(actor.id.model.rawValue): \(error)")
      return false
    }
  }

  /// Saves a shard, if it has changed since it was saved last.
  func write(_ actor: ShardActor) async throws(SnapshotError) {
    // Two writers of one file would spoil each other's.
    await self.turn.enterIgnoringCancellation()
    defer { self.turn.leave() }
    if let error = self.unread[actor.id] { throw error }
    let sequence = self.node.board[actor.id]?.sequence ?? 0
    guard self.saved[actor.id] != sequence else { return }
    try await actor.save(to: self.files, pieceByteLimit: self.node.methods.snapshotByteLimit)
    self.saved[actor.id] = sequence
    self.lastTrouble = nil
  }

  /// The shard as its file holds it, in the node's present life.
  func read(_ shard: ShardID, schemas: [TableSchema]) async throws(SnapshotError) -> Shard {
    try await ShardSnapshot.load(
      shard, from: self.files, formClass: self.node.formClass, schemas: schemas,
      incarnation: self.node.incarnation, at: self.node.clock.now())
  }

  package func load(
    _ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode
  ) async -> Shard? {
    do throws(SnapshotError) {
      let loaded = try await self.read(shard, schemas: schemas)
      if shard != .catalogue { self.rowsLoaded += loaded.rowCount }
      return loaded
    } catch .file(let error) where error.reason == .missing {
      return nil
    } catch {
      if error.isOfReading { self.unread[shard] = error }
      // Unusable: the shard comes whole from a peer, as for a new replica.
      self.note("starting shard \(shard.index) of model \(shard.model.rawValue) empty: \(error)")
      return nil
    }
  }

  /// Throws if a shard is there and could not be read.
  func checkLoaded() throws(UnusableFiles) {
    guard let (shard, error) = self.unread.min(by: { $0.key < $1.key }) else { return }
    throw UnusableFiles(snapshot: ShardSnapshot.name(of: shard), error)
  }

  private func note(_ trouble: String) {
    guard trouble != self.lastTrouble else { return }
    self.lastTrouble = trouble
    self.onTrouble(trouble)
  }
}

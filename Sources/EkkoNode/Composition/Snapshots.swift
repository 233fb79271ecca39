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
  /// The announcement each shard's file stands for.
  private var saved: [ShardID: UInt64] = [:]
  /// What could not be saved or loaded, and the rows that were loaded.
  package private(set) var failures = 0
  package private(set) var rowsLoaded = 0

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  package init(files: any FileStore, node: ReplicaNode, interval: Duration) {
    self.files = files
    self.node = node
    self.interval = interval
    self.executor = node.runtime.executor(for: Home(index: 0))
  }

  /// Saves now and then, and takes at most a tenth of the time for it.
  package func run() async {
    var pause = self.interval
    while (try? await self.node.clock.sleep(for: pause)) != nil {
      let start = self.node.clock.now().monotonic
      await self.saveAll()
      pause = max(self.interval, start.duration(to: self.node.clock.now().monotonic) * 9)
    }
  }

  /// Saves every shard that has changed since it was saved last.
  package func saveAll() async {
    for actor in self.node.shards.all {
      let sequence = self.node.board[actor.id]?.sequence ?? 0
      guard self.saved[actor.id] != sequence else { continue }
      do {
        try await actor.save(to: self.files)
        self.saved[actor.id] = sequence
      } catch {
        self.failures += 1
      }
    }
  }

  package func load(
    _ shard: ShardID, schemas: [TableSchema], for node: ReplicaNode
  ) async -> Shard? {
    do throws(SnapshotError) {
      let loaded = try await ShardSnapshot.load(
        shard, from: self.files, formClass: node.formClass, schemas: schemas,
        incarnation: node.incarnation, at: node.clock.now())
      if shard != .catalogue { self.rowsLoaded += loaded.rowCount }
      return loaded
    } catch .file(let error) where error.reason == .missing {
      return nil
    } catch {
      // Unusable: the shard comes whole from a peer, as for a new replica.
      self.failures += 1
      return nil
    }
  }
}

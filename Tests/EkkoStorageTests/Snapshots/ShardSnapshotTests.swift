import EkkoCore
import EkkoStorage
import Testing

/// Writing shards to files and starting from them (Ekko §4.5; DESIGN §5.2, §5.8).
@Suite struct ShardSnapshotTests {
  static let name = ShardSnapshot.name(of: ShardCluster.shard)

  static func write(
    _ cluster: inout ShardCluster, replica: Int, to store: any FileStore, byteLimit: Int = 400,
    betweenPieces: (inout ShardCluster) -> Void = { _ in }
  ) async throws {
    var writer = try #require(
      SnapshotWriter(of: &cluster.replicas[replica], at: cluster.now))
    do {
      try await ShardSnapshot.write(ShardCluster.shard, to: store) {
        betweenPieces(&cluster)
        return writer.nextPiece(of: &cluster.replicas[replica], byteLimit: byteLimit)
      }
    } catch {
      writer.abandon(in: &cluster.replicas[replica])
      throw error
    }
  }

  static func load(
    from store: any FileStore, formClass: FormClass = .full,
    schemas: [TableSchema] = ShardCluster.schemas, incarnation: UInt64 = 900, at now: Instant
  ) async throws(SnapshotError) -> Shard {
    try await ShardSnapshot.load(
      ShardCluster.shard, from: store, formClass: formClass, schemas: schemas,
      incarnation: IncarnationID(rawValue: incarnation), at: now)
  }

  static func bytes(in store: MemoryFileStore) async throws -> [UInt8] {
    try #require(await store.files[Self.name])
  }

  /// Two origins, both tables, tombstones, collected tombstones and a retired origin.
  static func makeCluster() throws -> ShardCluster {
    var cluster = ShardCluster(count: 3)
    cluster.write(.put, at: 2, table: 1, keys: [50, 51])
    try cluster.pull(from: 2, by: 0)
    cluster.write(.push, at: 0, table: 0, keys: Array(0..<30))
    cluster.write(.put, at: 0, table: 1, keys: [1, 2, 3, 4])
    cluster.write(.delete, at: 0, table: 1, keys: [4])
    _ = cluster.replicas[0].collectTombstones(
      stable: cluster.replicas[0].knowledge, from: ScanCursor(), limit: 100)
    cluster.write(.delete, at: 0, table: 1, keys: [2])
    try cluster.pull(from: 0, by: 1)
    cluster.write(.push, at: 1, table: 0, keys: [3, 100, 101])
    try cluster.pull(from: 1, by: 0)
    let seal = cluster.replicas[2].knowledge[cluster.replicas[2].incarnation]
    let isSealed = cluster.replicas[0].applyRetirement(
      of: cluster.replicas[2].incarnation, seal: seal)
    #expect(isSealed)
    return cluster
  }

  // MARK: There and back

  @Test func `a shard comes back from a directory as it was, in a new life`() async throws {
    let directory = try TemporaryDirectory()
    let store = try POSIXFileStore(directory: directory.path)
    var cluster = try Self.makeCluster()
    let written = cluster.replicas[0]

    try await Self.write(&cluster, replica: 0, to: store)
    let header = try await ShardSnapshot.verify(try await store.open(Self.name))
    let loaded = try await Self.load(from: store, at: cluster.now)

    #expect(try directory.contents() == [Self.name])
    #expect(header.incarnation == written.incarnation)
    #expect(header.epoch == written.epoch)
    #expect(header.schemas == ShardCluster.schemas)
    #expect(header.writtenAt == cluster.now.wall)
    #expect(loaded.incarnation == IncarnationID(rawValue: 900))
    #expect(loaded.knowledge == written.knowledge)
    #expect(loaded.ahead == written.ahead)
    #expect(loaded.forgotten == written.forgotten)
    #expect(!loaded.forgotten.isEmpty)
    #expect(loaded.origins.retired == written.origins.retired)
    #expect(loaded.epoch == written.epoch)
    #expect(loaded.shardVersion == written.shardVersion)
    #expect(loaded.rowCount == written.rowCount)
    #expect(loaded.digest(at: cluster.now) == written.digest(at: cluster.now))
    #expect(loaded.cache.liveCount == 0)
    try loaded.checkInvariants()
    #expect(cluster.replicas[0].walks.isEmpty)
  }

  /// Saved or not, a shard has sent what it has sent to peers: it is at rest when that stands still.
  @Test func `rows that are saved do not count as sent`() async throws {
    let store = MemoryFileStore()
    var cluster = try Self.makeCluster()
    let before = cluster.replicas[0].counters

    try await Self.write(&cluster, replica: 0, to: store)

    #expect(before.rowsSent > 0)
    #expect(cluster.replicas[0].counters == before)
  }

  @Test func `an empty shard comes back empty`() async throws {
    let store = MemoryFileStore()
    var cluster = ShardCluster(count: 1)

    try await Self.write(&cluster, replica: 0, to: store)
    let loaded = try await Self.load(from: store, at: cluster.now)

    #expect(loaded.rowCount == 0)
    #expect(loaded.knowledge.isEmpty)
    try loaded.checkInvariants()
  }

  /// Trap 28: an empty cache with an empty DVV would answer everyone with nothing.
  @Test func `a loaded shard gives all its rows to a replica that knows nothing`() async throws {
    let store = MemoryFileStore()
    var cluster = ShardCluster(count: 2)
    cluster.write(.push, at: 0, table: 0, keys: Array(0..<40))
    try await Self.write(&cluster, replica: 0, to: store)
    cluster.replicas[0] = try await Self.load(from: store, at: cluster.now)

    let outcome = try cluster.pull(from: 0, by: 1)

    #expect(outcome == .merged(changed: true))
    #expect(cluster.replicas[1].rowCount == 40)
    #expect(cluster.firstUnsoundKnowledge() == nil)
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5])
  func `writes that go on meanwhile never make the file know more than it holds`(
    seed: UInt64
  ) async throws {
    let store = MemoryFileStore()
    var generator = SplitMix64(seed: seed)
    var cluster = ShardCluster(count: 2)
    cluster.write(.push, at: 0, table: 0, keys: Array(0..<50))
    cluster.write(.put, at: 0, table: 1, keys: Array(0..<20))
    try await Self.write(&cluster, replica: 0, to: store) { cluster in
      cluster.advance(by: .seconds(1))
      let key = generator.next() % 60
      cluster.write(.push, at: 0, table: 0, keys: [key])
      cluster.write(key % 3 == 0 ? .delete : .put, at: 0, table: 1, keys: [key])
    }

    cluster.replicas[1] = try await Self.load(from: store, at: cluster.now)
    #expect(cluster.firstUnsoundKnowledge() == nil)
    try cluster.replicas[1].checkInvariants()
    #expect(!cluster.replicas[1].ahead.isEmpty)

    let sent = cluster.replicas[0].counters.rowsSent
    try cluster.pull(from: 0, by: 1)
    #expect(cluster.digests[0] == cluster.digests[1])
    #expect(cluster.replicas[0].counters.rowsSent - sent < 70, "only what was missed is sent")
  }

  @Test func `a bytes row comes back with its value and its count`() async throws {
    let store = MemoryFileStore()
    let schema = TableSchema(name: "notes", valueType: .bytes, rowLength: 10)
    let now = ShardCluster(count: 0).now
    var shard = Shard(
      id: ShardCluster.shard, schemas: [schema], formClass: .full,
      incarnation: IncarnationID(rawValue: 5))
    for value in ["first", "second"] {
      _ = shard.write(
        [
          RowWrites(
            kind: .put, table: TableID(rawValue: 0), keys: [7],
            values: .contents([Array(value.utf8)]))
        ], request: nil, at: now)
    }
    var writer = try #require(SnapshotWriter(of: &shard, at: now))
    try await ShardSnapshot.write(ShardCluster.shard, to: store) {
      writer.nextPiece(of: &shard)
    }

    let loaded = try await Self.load(from: store, schemas: [schema], at: now)

    let rows = loaded.read([7], of: TableID(rawValue: 0), missing: .report, at: now)
    #expect(rows.contents == [Array("second".utf8)])
    let table = loaded.tables[0]
    let slot = try #require(table.slot(of: 7))
    #expect(table.layout.updateCount(of: table.bytes(at: slot)) == 2)
  }

  @Test func `tables that the model has gained or changed are there after loading`() async throws {
    let store = MemoryFileStore()
    var cluster = try Self.makeCluster()
    try await Self.write(&cluster, replica: 0, to: store)
    var schemas = ShardCluster.schemas
    schemas[1].timeToLiveSeconds = 60
    schemas[1].revision += 1
    schemas.append(TableSchema(name: "dense", rowLength: 8))

    let loaded = try await Self.load(from: store, schemas: schemas, at: cluster.now)

    #expect(loaded.tables.map(\.schema) == schemas)
    #expect(loaded.rowCount == cluster.replicas[0].rowCount)
  }

  /// A shard may have been saved after a table changed, and the catalogue not.
  @Test func `a file with a shorter time-to-live than is known yet is loaded`() async throws {
    let store = MemoryFileStore()
    var cluster = try Self.makeCluster()
    var schemas = ShardCluster.schemas
    schemas[1].timeToLiveSeconds = 1 << 30
    cluster.replicas[0].updateSchemas(schemas)
    try await Self.write(&cluster, replica: 0, to: store)

    let loaded = try await Self.load(
      from: store, schemas: ShardCluster.schemas, at: cluster.now)

    #expect(loaded.tables.map(\.schema) == ShardCluster.schemas)
    #expect(loaded.rowCount == cluster.replicas[0].rowCount)
  }

  // MARK: Files that cannot be taken

  @Test func `a failure at any step leaves the former file and no rubbish`() async throws {
    let store = MemoryFileStore()
    var cluster = try Self.makeCluster()
    try await Self.write(&cluster, replica: 0, to: store)
    let former = try await Self.bytes(in: store)
    cluster.write(.put, at: 0, table: 1, keys: [9])
    var failures = 0

    while failures < 1000 {
      await store.failAtCall(failures + 1)
      do {
        try await Self.write(&cluster, replica: 0, to: store)
        break
      } catch let error as SnapshotError {
        guard case .file = error else { throw error }
        failures += 1
      }
      #expect(await store.files == [Self.name: former])
      #expect(await store.unpublished == 0)
      #expect(cluster.replicas[0].walks.isEmpty)
    }

    #expect(failures > 4)
    #expect(try await Self.bytes(in: store) != former)
  }

  @Test func `a failure while reading is passed on`() async throws {
    let store = MemoryFileStore()
    var cluster = try Self.makeCluster()
    try await Self.write(&cluster, replica: 0, to: store)
    var failures = 0

    while failures < 1000 {
      await store.failAtCall(failures + 1)
      do {
        _ = try await Self.load(from: store, at: cluster.now)
        break
      } catch {
        guard case .file = error else { throw error }
        failures += 1
      }
    }

    #expect(failures > 8)
  }

  @Test func `a retirement interrupts a snapshot, and the next one succeeds`() async throws {
    let store = MemoryFileStore()
    var cluster = try Self.makeCluster()
    let origin = cluster.replicas[1].incarnation
    let seal = cluster.replicas[1].knowledge[origin]

    await #expect(throws: SnapshotError.interrupted) {
      try await Self.write(&cluster, replica: 0, to: store) { cluster in
        _ = cluster.replicas[0].applyRetirement(of: origin, seal: seal)
      }
    }
    #expect(await store.files.isEmpty)
    try await Self.write(&cluster, replica: 0, to: store)

    let loaded = try await Self.load(from: store, at: cluster.now)
    #expect(loaded.origins.retired.contains(origin))
    #expect(loaded.digest(at: cluster.now) == cluster.digests[0])
  }

  @Test func `a shard that distrusts its rows has no snapshot`() throws {
    var cluster = try Self.makeCluster()
    cluster.replicas[0].requireReplacement()

    #expect(SnapshotWriter(of: &cluster.replicas[0], at: cluster.now) == nil)
  }
}

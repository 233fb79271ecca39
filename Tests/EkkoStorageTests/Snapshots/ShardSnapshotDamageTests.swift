import EkkoCore
import EkkoStorage
import Testing

/// Files that are damaged, made up, or belong elsewhere.
extension ShardSnapshotTests {
  @Test func `every damaged byte is noticed`() async throws {
    let store = MemoryFileStore()
    var cluster = try Self.makeCluster()
    try await Self.write(&cluster, replica: 0, to: store)
    let bytes = try await Self.bytes(in: store)

    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << (index % 8)
      await store.set(damaged, of: Self.name)
      await #expect(throws: SnapshotError.self, "byte \(index)") {
        _ = try await Self.load(from: store, at: cluster.now)
      }
    }
  }

  @Test func `a file of another length is noticed`() async throws {
    let store = MemoryFileStore()
    var cluster = ShardCluster(count: 1)
    cluster.write(.put, at: 0, table: 1, keys: [1, 2])
    try await Self.write(&cluster, replica: 0, to: store)
    let bytes = try await Self.bytes(in: store)

    for length in 0..<bytes.count {
      await store.set(Array(bytes.prefix(length)), of: Self.name)
      await #expect(throws: SnapshotError.self, "length \(length)") {
        _ = try await Self.load(from: store, at: cluster.now)
      }
    }
    await store.set(bytes + [0], of: Self.name)
    await #expect(throws: SnapshotError.self) {
      _ = try await Self.load(from: store, at: cluster.now)
    }
    await store.set(bytes + bytes, of: Self.name)
    await #expect(throws: SnapshotError.self) {
      _ = try await Self.load(from: store, at: cluster.now)
    }
  }

  /// Bytes whose checksum was made to match: decoders and shard alone must hold.
  @Test func `made-up content is an error or a sound shard, never a trap`() async throws {
    let store = MemoryFileStore()
    var generator = SplitMix64(seed: 3)
    var cluster = try Self.makeCluster()
    try await Self.write(&cluster, replica: 0, to: store)
    let bytes = try await Self.bytes(in: store)
    var refused = 0

    for _ in 0..<3000 {
      var made = bytes
      for _ in 0..<(1 + generator.next() % 3) {
        let place = 10 + Int(generator.next() % UInt64(bytes.count - 14))
        made[place] = UInt8(truncatingIfNeeded: generator.next())
      }
      let checksum = CRC32C.checksum(of: made.span.extracting(0..<(made.count - 4)))
      for index in 0..<4 {
        made[made.count - 4 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(index)))
      }
      await store.set(made, of: Self.name)
      do {
        try await Self.load(from: store, at: cluster.now).checkInvariants()
      } catch is SnapshotError {
        refused += 1
      }
    }
    #expect(refused > 1000)
  }

  @Test func `a file that belongs elsewhere is refused by name`() async throws {
    let store = MemoryFileStore()
    var cluster = try Self.makeCluster()
    try await Self.write(&cluster, replica: 0, to: store)
    let bytes = try await Self.bytes(in: store)
    let other = ShardID(model: ModelID(rawValue: 1), index: 1)
    await store.set(bytes, of: ShardSnapshot.name(of: other))

    await #expect(throws: SnapshotError.wrongShard(ShardCluster.shard)) {
      _ = try await ShardSnapshot.load(
        other, from: store, formClass: .full, schemas: ShardCluster.schemas,
        incarnation: IncarnationID(rawValue: 9), at: cluster.now)
    }
    await #expect(throws: SnapshotError.wrongFormClass(.full)) {
      _ = try await Self.load(from: store, formClass: .serving, at: cluster.now)
    }
    await #expect(throws: SnapshotError.incompatibleTable(name: "wide")) {
      _ = try await Self.load(
        from: store, schemas: [ShardCluster.schemas[0]], at: cluster.now)
    }
    await #expect(throws: SnapshotError.notASnapshot) {
      await store.set(Array("something else entirely, but long".utf8), of: Self.name)
      _ = try await Self.load(from: store, at: cluster.now)
    }
    await #expect(throws: SnapshotError.unsupportedFormat(2)) {
      var newer = bytes
      newer[8] = 2
      await store.set(newer, of: Self.name)
      _ = try await Self.load(from: store, at: cluster.now)
    }
    await #expect(
      throws: SnapshotError.file(FileError(path: Self.name, call: .open, code: 2))
    ) {
      try await store.delete(Self.name)
      _ = try await Self.load(from: store, at: cluster.now)
    }
  }

  // MARK: Disks that fail
}

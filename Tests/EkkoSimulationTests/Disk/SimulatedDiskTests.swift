import EkkoSimulation
import EkkoStorage
import Testing

/// A disk without faults: what the product's `FileStore` promises, in virtual time and across lives.
struct SimulatedDiskTests {
  @Test func `a file is read as it was published, in pieces, and takes time`() throws {
    let world = DiskWorld()

    let read = try world.run { store in
      try await store.publish([1, 2], [3, 4, 5], as: "b")
      try await store.publish(as: "a")
      let reader = try await store.open("b")
      var pieces = [try await reader.read(upTo: 3)]
      while let last = pieces.last, !last.isEmpty { pieces.append(try await reader.read(upTo: 3)) }
      return (pieces, reader.byteCount, try await store.names())
    }

    #expect(read == ([[1, 2, 3], [4, 5], []], 5, ["a", "b"]))
    #expect(world.simulation.now > 1_000_000)
    #expect(world.disk.fired == [:])
  }

  @Test func `nothing shows before it is published, and a reader keeps what it opened`() throws {
    let world = DiskWorld()

    let read = try world.run { store in
      try await store.publish([1], as: "a")
      let reader = try await store.open("a")
      let writer = try await store.create("a")
      try await writer.append([2])
      let before = try await store.content("a")
      try await writer.publish()
      let after = try await store.content("a")
      try await store.delete("a")
      return [before, after, try await reader.read(upTo: 9)]
    }

    #expect(read == [[1], [2], [1]])
  }

  @Test func `what was discarded or belongs to a former life is gone`() throws {
    let world = DiskWorld()

    try world.run { store in
      let discarded = try await store.create("a")
      try await discarded.append([1])
      await discarded.discard()
      let left = try await store.create("b")
      try await left.append([2])
    }
    world.restart()

    #expect(try world.run { try await $0.names() } == [])
  }

  @Test(arguments: ["", "a/b", ".hidden", "a.partial"])
  func `a name that is none is refused, a missing file named`(name: String) throws {
    let world = DiskWorld()

    let (invalid, missing) = try world.run { store in
      (
        await failure { _ = try await store.create(name) },
        await failure { try await store.delete("none") }
      )
    }

    #expect(invalid?.reason == .invalidName)
    #expect(missing?.reason == .missing && missing?.path == "/disk/none")
  }

  @Test func `the disk outlives its process, whose calls do nothing any more`() throws {
    let world = DiskWorld()
    let dead = world.process
    let error = try world.run { store in
      try await store.publish([1], as: "a")
      let writer = try await store.create("a")
      try await writer.append([2])
      dead.die()
      return await failure { try await writer.publish() }
    }
    world.restart()

    #expect(error?.call == .sync)
    #expect(try world.run { try await $0.content("a") } == [1])
  }

  @Test func `a call under way ends when its process dies`() throws {
    let world = DiskWorld()
    let dead = world.process
    world.disk.arm(.slowDisk)
    world.simulation.at(1000) { dead.die() }

    let error = try world.run { store in await failure { _ = try await store.names() } }

    #expect(error?.call == .list)
    #expect(world.simulation.now == 1000)
    #expect(world.disk.fired[.slowDisk] == nil)
  }

  @Test func `a crash inside a publish leaves the old content or the new`() throws {
    var seen: Set<[UInt8]> = []
    for seed in UInt64(0)..<40 {
      let world = DiskWorld(seed: seed)
      try world.run { try await $0.publish([1], as: "a") }
      let dead = world.process
      world.simulation.after(.milliseconds(3)) { dead.die() }
      try world.run { store in _ = await failure { try await store.publish([2, 2], as: "a") } }
      world.restart()
      seen.insert(try world.run { try await $0.content("a") })
    }

    #expect(seen == [[1], [2, 2]])
  }

  @Test func `an older copy can be put back, or given to another`() throws {
    let world = DiskWorld()
    let clone = DiskWorld()
    try world.run { try await $0.publish([1], as: "a") }
    let older = world.disk.copy()
    try world.run { try await $0.publish([2], as: "a") }

    world.restart { world.disk.restore(older) }
    clone.restart { clone.disk.restore(older) }

    #expect(try world.run { try await $0.content("a") } == [1])
    #expect(try clone.run { try await $0.content("a") } == [1])
    world.restart { world.disk.wipe() }
    #expect(try world.run { try await $0.names() } == [])
  }

  @Test func `a process can take its disk up again`() throws {
    let world = DiskWorld()
    try world.run { try await $0.publish([1], as: "a") }
    #expect(try world.run { _ in try await world.disk.store(for: world.process).names() } == ["a"])
  }

  @Test func `two lives at once cannot have one disk`() async {
    await #expect(processExitsWith: .failure) {
      let simulation = Simulation(seed: 1)
      let disk = SimulatedDisk(simulation)
      let first = simulation.makeProcess("first")
      _ = disk.store(for: first)
      _ = disk.store(for: simulation.makeProcess("second"))
      withExtendedLifetime(first) {}
    }
  }
}

import EkkoSimulation
import EkkoStorage
import Glibc
import Testing

/// Each fault of the disk: what it does, and that it counts when the product meets it, not before.
struct DiskFaultTests {
  @Test func `a bit flips at rest, and counts once it is read`() throws {
    let world = DiskWorld()
    let content = [UInt8](repeating: 7, count: 1000)
    try world.run { try await $0.publish(content, as: "a") }
    world.disk.arm(.bitFlip)
    #expect(world.disk.fired == [:])

    let (first, second) = try world.run { store in
      (try await store.content("a"), try await store.content("a"))
    }

    let changed = first.indices.filter { first[$0] != 7 }
    #expect(changed.count == 1 && (first[changed[0]] ^ 7).nonzeroBitCount == 1)
    #expect(second == first)
    #expect(world.disk.fired == [.bitFlip: 1])
  }

  @Test func `a flipped bit that is overwritten never counts`() throws {
    let world = DiskWorld()
    try world.run { try await $0.publish([7], as: "a") }
    world.disk.arm(.bitFlip)

    let read = try world.run { store in
      try await store.publish([8], as: "a")
      return try await store.content("a")
    }

    #expect(read == [8])
    #expect(world.disk.fired == [:])
  }

  @Test func `a power cut tears a file that was just published`() throws {
    let world = DiskWorld()
    let content = [UInt8](0..<200)
    world.disk.arm(.tornWrite)
    try world.run { try await $0.publish(content, as: "a") }

    world.restart()
    #expect(world.disk.fired == [:])
    let read = try world.run { try await $0.content("a") }

    #expect(read.count < 200 && read[...] == content.prefix(read.count))
    #expect(world.disk.fired == [.tornWrite: 1])
  }

  @Test(arguments: [DiskFault.tornWrite, .lostUnsynced, .renameLost])
  func `a file from before the window is safe from a power cut`(fault: DiskFault) throws {
    let world = DiskWorld()
    world.disk.arm(fault)
    world.disk.unsyncedWindow = .milliseconds(100)
    try world.run { try await $0.publish([1, 2, 3], as: "a") }
    try world.sleep(.milliseconds(200))

    world.restart()

    #expect(try world.run { try await $0.content("a") } == [1, 2, 3])
    #expect(world.disk.fired == [:])
  }

  @Test func `a power cut undoes the last publishes`() throws {
    var lost: Set<[UInt8]> = []
    for seed in UInt64(0)..<40 {
      let world = DiskWorld(seed: seed)
      world.disk.arm(.lostUnsynced)
      try world.run { store in
        for value in UInt8(1)...3 { try await store.publish([value], as: "a") }
      }
      world.restart()
      lost.insert(try world.run { try await $0.names().isEmpty ? [] : $0.content("a") })
      #expect(world.disk.fired == [.lostUnsynced: 1])
    }

    #expect(lost == [[], [1], [2]])
  }

  @Test func `a rename that was not durable leaves later ones standing`() throws {
    var survivors: Set<[String]> = []
    for seed in UInt64(0)..<40 {
      let world = DiskWorld(seed: seed)
      world.disk.arm(.renameLost)
      try world.run { store in
        for name in ["a", "b", "c"] { try await store.publish([1], as: name) }
      }
      world.restart()
      survivors.insert(try world.run { try await $0.names() })
      #expect(world.disk.fired == [.renameLost: 1])
    }

    #expect(survivors == [["b", "c"], ["a", "c"], ["a", "b"]])
  }

  @Test func `a lost rename is not seen where the name was used again`() throws {
    for seed in UInt64(0)..<20 {
      let world = DiskWorld(seed: seed)
      world.disk.arm(.renameLost)
      try world.run { store in
        for value in UInt8(1)...3 { try await store.publish([value], as: "a") }
      }
      world.restart()

      let read = try world.run { try await $0.content("a") }

      #expect(read == [3] || read == [2])
      #expect(world.disk.fired == (read == [2] ? [.renameLost: 1] : [:]))
    }
  }

  @Test func `a copy of a disk that lied holds what it shows`() throws {
    let world = DiskWorld()
    world.disk.arm(.lostUnsynced)
    try world.run { try await $0.publish([1], as: "a") }
    let copy = world.disk.copy()

    world.restart { world.disk.restore(copy) }

    #expect(try world.run { try await $0.content("a") } == [1])
    #expect(world.disk.fired == [:])
  }

  @Test func `a misdirected write lands on another snapshot and leaves its own name as it was`()
    throws
  {
    let world = DiskWorld()
    try world.run { store in
      try await store.publish([1], as: "1.snapshot")
      try await store.publish([2], as: "2.snapshot")
      try await store.publish([0], as: "node.ekko")
    }
    world.disk.arm(.misdirectedWrite)
    try world.run { try await $0.publish([9], as: "1.snapshot") }
    #expect(world.disk.fired == [:])
    world.disk.disarm(.misdirectedWrite)

    let read = try world.run { store in
      [
        try await store.content("1.snapshot"), try await store.content("2.snapshot"),
        try await store.content("node.ekko"),
      ]
    }

    #expect(read == [[1], [9], [0]])
    #expect(world.disk.fired == [.misdirectedWrite: 2])
  }

  @Test func `a write without another snapshot to land on goes where it should`() throws {
    let world = DiskWorld()
    world.disk.arm(.misdirectedWrite)

    let read = try world.run { store in
      try await store.publish([1], as: "1.snapshot")
      return try await store.content("1.snapshot")
    }

    #expect(read == [1])
    #expect(world.disk.fired == [:])
  }

  @Test(arguments: [
    (DiskFault.diskFull, FileError.Call.write, ENOSPC), (.writeError, .write, EIO),
    (.syncError, .sync, EIO),
  ])
  func `a failed write is an error that stays, and the former file is there`(
    fault: DiskFault, call: FileError.Call, code: CInt
  ) throws {
    let world = DiskWorld()

    let (errors, content) = try world.run { store in
      try await store.publish([1], as: "a")
      world.disk.arm(fault)
      let writer = try await store.create("a")
      let first = await failure {
        try await writer.append([2])
        try await writer.publish()
      }
      world.disk.disarm(fault)
      let second = await failure { try await writer.publish() }
      await writer.discard()
      return ([first, second], try await store.content("a"))
    }

    let expected = FileError(path: "/disk/a", call: call, code: code)
    #expect(errors == [expected, expected])
    #expect(content == [1])
    #expect(world.disk.fired == [fault: 1])
  }

  @Test func `a read fails while the fault is on`() throws {
    let world = DiskWorld()

    let (error, content) = try world.run { store in
      try await store.publish([1], as: "a")
      world.disk.arm(.readError)
      let error = await failure { _ = try await store.content("a") }
      world.disk.disarm(.readError)
      return (error, try await store.content("a"))
    }

    #expect(error == FileError(path: "/disk/a", call: .read, code: EIO))
    #expect(content == [1])
    #expect(world.disk.fired == [.readError: 1])
  }

  @Test func `a slow disk takes a hundred times as long and more`() throws {
    let world = DiskWorld()
    try world.run { try await $0.publish([1], as: "a") }
    let usual = world.simulation.now
    world.disk.arm(.slowDisk)

    try world.run { try await $0.publish([1], as: "a") }

    #expect(world.simulation.now > 20 * usual)
    #expect(world.disk.fired == [.slowDisk: 4])
  }

  @Test func `a fault with a chance strikes now and then`() throws {
    let world = DiskWorld()
    world.disk.arm(.writeError, chance: 0.3)

    let failed = try world.run { store in
      var failed = 0
      for _ in 0..<200 where await failure({ try await store.publish([1], as: "a") }) != nil {
        failed += 1
      }
      return failed
    }

    #expect(30...90 ~= failed)
    #expect(world.disk.fired == [.writeError: failed])
  }
}

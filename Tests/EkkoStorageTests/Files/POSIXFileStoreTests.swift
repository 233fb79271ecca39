import EkkoStorage
import Foundation
import Testing

/// Files in a real directory: whole or not at all, and errors that say what happened.
@Suite(.timeLimit(.minutes(5))) struct POSIXFileStoreTests {
  private let directory: TemporaryDirectory
  private let store: POSIXFileStore

  init() throws {
    self.directory = try TemporaryDirectory()
    self.store = try POSIXFileStore(directory: self.directory.path)
  }

  /// The error that a call ends with.
  private func error(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws(FileError) -> Void
  ) async -> FileError? {
    do {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [1, 999, 1000, 1001, 100_000])
  func `a file is read as it was written, in chunks`(chunk: Int) async throws {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let writer = try await self.store.create("shard-1.snapshot")
    try await writer.append(Array(bytes[..<1234]))
    try await writer.append([])
    try await writer.append(Array(bytes[1234...]))
    try await writer.publish()

    #expect(try await self.store.contents(of: "shard-1.snapshot", chunk: chunk) == bytes)
    #expect(try await self.store.open("shard-1.snapshot").byteCount == 5000)
    #expect(try await self.store.names() == ["shard-1.snapshot"])
    #expect(try self.directory.contents() == ["shard-1.snapshot"])
  }

  @Test func `an empty file is a file`() async throws {
    try await self.store.publish([], as: "empty")

    #expect(try await self.store.contents(of: "empty") == [])
    #expect(try await self.store.names() == ["empty"])
  }

  @Test func `nothing is visible before it is published`() async throws {
    try await self.store.publish([1], as: "a")
    let writer = try await self.store.create("a")
    let other = try await self.store.create("b")
    try await writer.append([2])
    try await other.append([3])

    #expect(try await self.store.names() == ["a"])
    #expect(try await self.store.contents(of: "a") == [1])
    #expect(
      await self.error { () async throws(FileError) in _ = try await self.store.open("b") }?
        .reason == .missing)

    try await writer.publish()

    #expect(try await self.store.contents(of: "a") == [2])
    #expect(try await self.store.names() == ["a"])
  }

  @Test func `a reader keeps the file it opened`() async throws {
    try await self.store.publish([1, 2, 3], as: "a")
    let reader = try await self.store.open("a")
    #expect(try await reader.read(upTo: 1) == [1])

    try await self.store.publish([9, 9, 9], as: "a")
    #expect(try await reader.read(upTo: 1) == [2])
    try await self.store.delete("a")

    #expect(try await reader.read(upTo: 5) == [3])
    #expect(try await reader.read(upTo: 5) == [])
    #expect(try await self.store.names() == [])
  }

  @Test func `two writers of one name do not mix`() async throws {
    let first = try await self.store.create("a")
    let second = try await self.store.create("a")
    try await first.append([1, 1])
    try await second.append([2])

    try await first.publish()
    try await second.publish()

    #expect(try await self.store.contents(of: "a") == [2])
    #expect(try self.directory.contents() == ["a"])
  }

  @Test func `a discarded file leaves nothing`() async throws {
    try await self.store.publish([1], as: "a")
    let writer = try await self.store.create("a")
    try await writer.append([2])

    await writer.discard()
    await writer.discard()

    #expect(try self.directory.contents() == ["a"])
    #expect(try await self.store.contents(of: "a") == [1])
  }

  @Test func `discarding what was published changes nothing`() async throws {
    let writer = try await self.store.create("a")
    try await writer.publish()

    await writer.discard()

    #expect(try await self.store.names() == ["a"])
  }

  @Test func `a torn file of an earlier life is ignored and swept up`() async throws {
    try await self.store.publish([1], as: "a")
    try self.directory.write([7, 7], to: "a.0.partial")
    try self.directory.write([7, 7], to: "b.5.partial")

    #expect(try await self.store.names() == ["a"])
    #expect(try await self.store.contents(of: "a") == [1])

    try await self.store.deleteUnpublished()

    #expect(try self.directory.contents() == ["a"])
  }

  @Test func `what a torn file held does not reach a new one`() async throws {
    try self.directory.write([7, 7, 7, 7], to: "a.0.partial")

    try await self.store.publish([1], as: "a")

    #expect(try await self.store.contents(of: "a") == [1])
  }

  @Test func `a missing file is reported with its path`() async throws {
    let opening = await self.error { () async throws(FileError) in
      _ = try await self.store.open("none")
    }
    let deleting = await self.error { () async throws(FileError) in
      try await self.store.delete("none")
    }

    let path = self.directory.path + "/none"
    #expect(opening == FileError(path: path, call: .open, code: ENOENT))
    #expect(deleting == FileError(path: path, call: .delete, code: ENOENT))
    #expect(opening?.reason == .missing)
    #expect(
      opening?.description == "cannot open \(path): there is no such file or directory")
  }

  @Test(arguments: [
    "", "a/b", "../a", "..", ".", ".hidden", "a\0b", "a.partial", "a.0.partial",
    String(repeating: "x", count: 201),
  ])
  func `a name that is none is refused`(name: String) async {
    let creating = await self.error { () async throws(FileError) in
      _ = try await self.store.create(name)
    }
    let opening = await self.error { () async throws(FileError) in
      _ = try await self.store.open(name)
    }
    let deleting = await self.error { () async throws(FileError) in
      try await self.store.delete(name)
    }

    #expect(
      [creating, opening, deleting].map { $0?.reason } == Array(repeating: .invalidName, count: 3))
  }

  @Test func `the longest name can be used`() async throws {
    let name = String(repeating: "x", count: 200)

    try await self.store.publish([1], as: name)

    #expect(try await self.store.names() == [name])
  }

  @Test(.enabled(if: FileManager.default.isWritableFile(atPath: "/dev/full")))
  func `a full disk is an error that stays`() async throws {
    try await self.store.publish([1], as: "a")
    try FileManager.default.createSymbolicLink(
      atPath: self.directory.path + "/a.1.partial", withDestinationPath: "/dev/full")
    let writer = try await self.store.create("a")

    let first = await self.error { () async throws(FileError) in try await writer.append([2]) }
    let second = await self.error { () async throws(FileError) in try await writer.append([2]) }
    let third = await self.error { () async throws(FileError) in try await writer.publish() }
    await writer.discard()

    #expect(
      first == FileError(path: self.directory.path + "/a", call: .write, code: ENOSPC))
    #expect(first?.reason == .diskFull && second == first && third == first)
    #expect(try await self.store.contents(of: "a") == [1])
    #expect(try self.directory.contents() == ["a"])
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may do everything"))
  func `a directory that may not be written is reported`() async throws {
    self.directory.setPermissions(0o500)

    let creating = await self.error { () async throws(FileError) in
      _ = try await self.store.create("a")
    }

    #expect(creating?.reason == .permission && creating?.call == .create)
  }

  @Test func `a file or a device in place of the directory, or of its parent, is reported`() throws
  {
    try self.directory.write([1], to: "file")
    let file = self.directory.path + "/file"
    for (path, sentence) in [
      (file, "cannot open \(file): it is not a directory"),
      ("/dev/null", "cannot open /dev/null: it is not a directory"),
      (file + "/data", "cannot create \(file)/data: its parent is not a directory"),
    ] {
      let failure = #expect(throws: FileError.self) { try POSIXFileStore(directory: path) }
      #expect(failure?.reason == .notADirectory)
      #expect(failure?.description == sentence)
    }
  }

  @Test func `a directory without a parent is reported`() {
    let path = self.directory.path + "/none/data"

    #expect(throws: FileError(path: path, call: .create, code: ENOENT)) {
      try POSIXFileStore(directory: path)
    }
  }

  @Test func `a new directory and its files are for their owner alone`() async throws {
    let path = self.directory.path + "/data"
    let store = try POSIXFileStore(directory: path)
    try await store.publish([1], as: "a")

    let permissions = try [path, path + "/a"].map {
      try FileManager.default.attributesOfItem(atPath: $0)[.posixPermissions] as? Int
    }

    #expect(permissions == [0o700, 0o600])
  }

  @Test func `a directory has one store at a time`() async throws {
    let path = self.directory.path + "/data"
    var store: POSIXFileStore? = try POSIXFileStore(directory: path)
    #expect(throws: FileError(path: path, call: .lock, code: EWOULDBLOCK)) {
      try POSIXFileStore(directory: path)
    }
    #expect(try await store?.names() == [])

    store = nil

    #expect(throws: Never.self) { try POSIXFileStore(directory: path) }
  }

  @Test func `names are sorted and hidden ones are not shown`() async throws {
    for name in ["c", "a", "b"] { try await self.store.publish([1], as: name) }
    try self.directory.write([1], to: ".other")

    #expect(try await self.store.names() == ["a", "b", "c"])
    #expect(try await self.store.names() == ["a", "b", "c"])
  }

  @Test func `many tasks at once each read what they wrote`() async throws {
    let store = self.store
    try await withThrowingTaskGroup { group in
      for task in UInt8(0)..<16 {
        group.addTask {
          let bytes = [UInt8](repeating: task, count: 3000 + Int(task))
          try await store.publish(bytes, as: "file-\(task)")
          #expect(try await store.contents(of: "file-\(task)") == bytes)
        }
      }
      try await group.waitForAll()
    }

    #expect(try await store.names().count == 16)
  }

  @Test func `writing after the end is our bug`() async {
    await #expect(processExitsWith: .failure) {
      let directory = try TemporaryDirectory()
      let writer = try await POSIXFileStore(directory: directory.path).create("a")
      try await writer.publish()
      // Before the trap, which would leave it behind.
      try FileManager.default.removeItem(atPath: directory.path)
      try await writer.append([1])
    }
  }
}

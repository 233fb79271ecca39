import EkkoCore
import EkkoStorage
import EkkoTransport
import Testing

@testable import EkkoNode

@Suite struct NodeRecordTests {
  private static let record = NodeRecord(
    name: "dc1-a", cluster: ClusterID(rawValue: 7), form: .full)

  private let directory: TemporaryDirectory
  private let files: POSIXFileStore

  init() throws {
    self.directory = try TemporaryDirectory()
    self.files = try POSIXFileStore(directory: self.directory.path)
  }

  @Test func `what was written is read`() async throws {
    #expect(try await NodeRecord.read(from: self.files) == nil)
    try await Self.record.write(to: self.files)
    #expect(try await NodeRecord.read(from: self.files) == Self.record)
  }

  @Test func `any changed byte is noticed`() async throws {
    try await Self.record.write(to: self.files)
    let bytes = try await self.files.open("node.ekko").read(upTo: 1024)
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 0x10
      let file = try await self.files.create("node.ekko")
      try await file.append(damaged)
      try await file.publish()
      await #expect(throws: NodeRecord.ReadError.damaged("node.ekko")) {
        try await NodeRecord.read(from: self.files)
      }
    }
  }

  @Test func `shards without a record are nobody's`() async throws {
    let file = try await self.files.create("model-1-shard-0.snapshot")
    try await file.append([1])
    try await file.publish()
    await #expect(throws: NodeRecord.ReadError.missing("node.ekko")) {
      try await NodeRecord.read(from: self.files)
    }
  }
}

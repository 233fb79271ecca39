internal import EkkoCore
internal import EkkoStorage
internal import EkkoTransport

/// What a node with a data directory remembers of itself: the same name in every life, so that it
/// stays one member, and the cluster it is part of.
struct NodeRecord: Hashable, Sendable {
  var name: String
  var cluster: ClusterID

  private static let fileName = "node.ekko"
  private static let formatVersion: UInt8 = 1
  private static let byteLimit = 1024

  /// The record in `files`; `nil` if there is none.
  static func read(from files: any FileStore) async throws(FileError) -> NodeRecord? {
    guard try await files.names().contains(Self.fileName) else { return nil }
    let bytes = try await files.open(Self.fileName).read(upTo: Self.byteLimit)
    return try? NodeRecord(decoding: bytes)
  }

  func write(to files: any FileStore) async throws(FileError) {
    var writer = ByteWriter()
    writer.write(Self.formatVersion)
    writer.write(text: self.name)
    writer.write(self.cluster.rawValue)
    writer.write(CRC32C.checksum(of: writer.bytes.span))
    let file = try await files.create(Self.fileName)
    try await file.append(writer.bytes)
    try await file.publish()
  }

  init(name: String, cluster: ClusterID) {
    self.name = name
    self.cluster = cluster
  }

  private init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes.span)
    let version = try reader.readUInt8()
    guard version == Self.formatVersion else { throw .unsupportedVersion(version) }
    self.name = try reader.readText(limit: LinkIdentity.nameByteLimit)
    self.cluster = ClusterID(rawValue: try reader.readUInt64())
    let checksum = CRC32C.checksum(of: bytes.span.extracting(0..<reader.offset))
    guard try reader.readUInt32() == checksum else { throw .checksumMismatch }
    try reader.finish()
  }
}

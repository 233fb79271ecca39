internal import EkkoCore
internal import EkkoStorage
internal import EkkoTransport

/// What a node with a data directory remembers of itself: the same name in every life, so that it
/// stays one member, the cluster it is part of, and the form of the rows in its files.
struct NodeRecord: Hashable, Sendable {
  var name: String
  var cluster: ClusterID
  var form: FormClass

  enum ReadError: Error, Hashable {
    case file(FileError)
    /// The file is not what a node wrote.
    case damaged(String)
    /// There are shards, but nothing says whose.
    case missing(String)
  }

  private static let fileName = "node.ekko"
  private static let formatVersion: UInt8 = 1
  private static let byteLimit = 1024

  /// The record in `files`; `nil` in a directory that no node has used yet.
  static func read(from files: any FileStore) async throws(ReadError) -> NodeRecord? {
    let names: [String]
    var bytes: [UInt8]?
    do throws(FileError) {
      names = try await files.names()
      if names.contains(Self.fileName) {
        bytes = try await files.open(Self.fileName).read(upTo: Self.byteLimit)
      }
    } catch {
      throw .file(error)
    }
    if let bytes {
      do throws(WireError) { return try NodeRecord(decoding: bytes) } catch {
        throw .damaged(Self.fileName)
      }
    }
    guard !names.contains(where: { $0.hasSuffix(ShardSnapshot.nameSuffix) }) else {
      throw .missing(Self.fileName)
    }
    return nil
  }

  func write(to files: any FileStore) async throws(FileError) {
    var writer = ByteWriter()
    writer.write(Self.formatVersion)
    writer.write(text: self.name)
    writer.write(self.cluster.rawValue)
    writer.write(self.form.rawValue)
    writer.write(CRC32C.checksum(of: writer.bytes.span))
    let file = try await files.create(Self.fileName)
    try await file.append(writer.bytes)
    try await file.publish()
  }

  init(name: String, cluster: ClusterID, form: FormClass) {
    self.name = name
    self.cluster = cluster
    self.form = form
  }

  private init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = ByteReader(bytes.span)
    let version = try reader.readUInt8()
    guard version == Self.formatVersion else { throw .unsupportedVersion(version) }
    self.name = try reader.readText(limit: LinkIdentity.nameByteLimit)
    self.cluster = ClusterID(rawValue: try reader.readUInt64())
    let form = try reader.readUInt8()
    guard let known = FormClass(rawValue: form) else {
      throw .invalidValue(field: .form, value: UInt64(form))
    }
    self.form = known
    let checksum = CRC32C.checksum(of: bytes.span.extracting(0..<reader.offset))
    guard try reader.readUInt32() == checksum else { throw .checksumMismatch }
    try reader.finish()
  }
}

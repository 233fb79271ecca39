internal import EkkoCore

/// The frames of a handshake.
enum HandshakeKind {
  static let hello: UInt8 = 1
  static let finish: UInt8 = 2
  static let refusal: UInt8 = 3
}

/// How the sides prove who they are. The raw values are those of wire format 1.
enum Authentication: UInt8, Hashable, Sendable {
  case none = 0
  case secret = 1
  /// Reserved; no version yet speaks it.
  case transportLayerSecurity = 2
}

/// 32 random bytes that make each handshake unlike every other.
struct Nonce: Hashable, Sendable {
  static let byteCount = 32

  let bytes: [UInt8]

  /// Draws each part from the runtime's source by itself.
  init(drawnFrom runtime: Runtime) {
    var writer = ByteWriter(reservingCapacity: Self.byteCount)
    for _ in 0..<(Self.byteCount / 8) {
      var generator = runtime.makeGenerator()
      writer.write(generator.next())
    }
    self.bytes = writer.bytes
  }

  init(decoding reader: inout ByteReader) throws(WireError) {
    self.bytes = try reader.readArray(Self.byteCount)
  }
}

/// The first message of each side: who it is and what it asks for.
struct Hello: Hashable, Sendable {
  /// "EKKO", read as little-endian.
  static let magic: UInt32 = 0x4F4B_4B45
  private static let newestVersion: UInt8 = 1

  var identity: LinkIdentity
  var nonce: Nonce
  var wall: UInt64
  var authentication: UInt8
  var trailerByteCount: UInt8

  var payload: [UInt8] {
    var writer = ByteWriter()
    writer.write(Self.magic)
    writer.write(self.identity.wireVersions.lowerBound)
    writer.write(self.identity.wireVersions.upperBound)
    writer.write(self.identity.features)
    writer.write(self.identity.cluster.rawValue)
    writer.write(self.identity.node.rawValue)
    writer.write(cut: self.identity.name, to: LinkIdentity.nameByteLimit)
    writer.write(self.identity.incarnation)
    writer.write(self.identity.roles.rawValue)
    writer.write(cut: self.identity.dataCentre, to: LinkIdentity.nameByteLimit)
    writer.write(cut: self.identity.zone, to: LinkIdentity.nameByteLimit)
    writer.write(self.identity.form?.rawValue ?? 0)
    writer.write(self.identity.shardFunctionDigest)
    writer.write(bytes: self.nonce.bytes)
    writer.write(self.wall)
    writer.write(self.authentication)
    writer.write(self.trailerByteCount)
    return writer.bytes
  }

  init(
    identity: LinkIdentity, nonce: Nonce, wall: WallTime, authentication: Authentication,
    trailerByteCount: Int
  ) {
    self.identity = identity
    self.nonce = nonce
    self.wall = wall.microseconds
    self.authentication = authentication.rawValue
    self.trailerByteCount = UInt8(trailerByteCount)
  }

  /// Magic and version come first and alone decide whether the rest can be read, so that a stranger
  /// and a later version are told apart from a broken message.
  init(
    decoding payload: ArraySlice<UInt8>, supported: ClosedRange<UInt8>
  ) throws(HandshakeRefusal) {
    var reader = ByteReader(payload.span)
    guard (try? reader.readUInt32()) == Self.magic else {
      throw HandshakeRefusal(.wrongMagic, "not an Ekko node")
    }
    do throws(WireError) {
      let (lowest, highest) = (try reader.readUInt8(), try reader.readUInt8())
      guard lowest <= highest, supported.overlaps(lowest...highest) else {
        throw .unsupportedVersion(highest)
      }
      try self.init(versions: lowest...highest, rest: &reader)
    } catch .unsupportedVersion {
      throw HandshakeRefusal(
        .version, "this side speaks \(supported.lowerBound) to \(supported.upperBound)")
    } catch {
      throw HandshakeRefusal(.malformed, "\(error)")
    }
  }

  private init(
    versions: ClosedRange<UInt8>, rest reader: inout ByteReader
  ) throws(WireError) {
    let features = try reader.readUInt64()
    let cluster = ClusterID(rawValue: try reader.readUInt64())
    let node = NodeID(rawValue: try reader.readUInt64())
    let name = try reader.readText(limit: LinkIdentity.nameByteLimit)
    let incarnation = try reader.readIncarnation()
    let roles = RoleSet(rawValue: try reader.readUInt16())
    let dataCentre = try reader.readText(limit: LinkIdentity.nameByteLimit)
    let zone = try reader.readText(limit: LinkIdentity.nameByteLimit)
    let rawForm = try reader.readUInt8()
    let form = FormClass(rawValue: rawForm)
    guard form != nil || rawForm == 0 else {
      throw .invalidValue(field: .form, value: UInt64(rawForm))
    }
    self.identity = LinkIdentity(
      cluster: cluster, name: name, incarnation: incarnation, roles: roles, dataCentre: dataCentre,
      zone: zone, form: form)
    self.identity.node = node
    self.identity.features = features
    self.identity.wireVersions = versions
    self.identity.shardFunctionDigest = try reader.readUInt64()
    self.nonce = try Nonce(decoding: &reader)
    self.wall = try reader.readUInt64()
    guard self.wall < 1 << 52 else { throw .invalidValue(field: .timestamp, value: self.wall) }
    self.authentication = try reader.readUInt8()
    self.trailerByteCount = try reader.readUInt8()
    // Only a later version may have more to say.
    if versions.upperBound == Self.newestVersion { try reader.finish() }
  }
}

/// The second message of each side: its proof, and its wall time once more.
struct Finish: Sendable {
  let wall: UInt64
  /// Absent without a secret.
  let proof: SHA256Digest?

  init(wall: WallTime, proof: SHA256Digest?) {
    self.wall = wall.microseconds
    self.proof = proof
  }

  var payload: [UInt8] {
    var writer = ByteWriter()
    writer.write(self.wall)
    if let proof { writer.write(bytes: proof.bytes) }
    return writer.bytes
  }

  init(decoding payload: ArraySlice<UInt8>) throws(WireError) {
    var reader = ByteReader(payload.span)
    self.wall = try reader.readUInt64()
    guard self.wall < 1 << 52 else { throw .invalidValue(field: .timestamp, value: self.wall) }
    if reader.remaining == 0 {
      self.proof = nil
    } else {
      self.proof = SHA256Digest(try reader.readBytes(SHA256Digest.byteCount))
      try reader.finish()
    }
  }
}

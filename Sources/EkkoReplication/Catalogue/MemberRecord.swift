package import EkkoCore
package import EkkoTransport

/// A node of the cluster as the catalogue lists it, in its present life.
package struct MemberRecord: Hashable, Sendable {
  package var name: String
  package var incarnation: IncarnationID
  package var roles: RoleSet
  package var dataCentre: String
  package var zone: String
  package var form: FormClass
  /// Where it can be reached.
  package var endpoint: Endpoint

  package init(_ identity: LinkIdentity, endpoint: Endpoint) {
    self.name = identity.name
    self.incarnation = identity.incarnation
    self.roles = identity.roles
    self.dataCentre = identity.dataCentre
    self.zone = identity.zone
    self.form = identity.form ?? .serving
    self.endpoint = endpoint
  }

  package var node: NodeID { NodeID(name: self.name) }

  private static let encodingVersion: UInt8 = 1

  package func encode() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 128)
    writer.write(Self.encodingVersion)
    writer.write(text: self.name)
    writer.write(self.incarnation)
    writer.write(self.roles.rawValue)
    writer.write(text: self.dataCentre)
    writer.write(text: self.zone)
    writer.write(self.form.rawValue)
    writer.write(text: self.endpoint.host)
    writer.write(self.endpoint.port)
    return writer.bytes
  }

  package init(decoding bytes: Span<UInt8>) throws(WireError) {
    var reader = ByteReader(bytes)
    try self.init(from: &reader)
    try reader.finish()
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    let version = try reader.readUInt8()
    guard version == Self.encodingVersion else { throw .unsupportedVersion(version) }
    self.name = try reader.readText(limit: LinkIdentity.nameByteLimit)
    self.incarnation = try reader.readIncarnation()
    self.roles = RoleSet(rawValue: try reader.readUInt16())
    self.dataCentre = try reader.readText(limit: LinkIdentity.nameByteLimit)
    self.zone = try reader.readText(limit: LinkIdentity.nameByteLimit)
    let form = try reader.readUInt8()
    guard let known = FormClass(rawValue: form) else {
      throw .invalidValue(field: .form, value: UInt64(form))
    }
    self.form = known
    self.endpoint = Endpoint(
      host: try reader.readText(limit: LinkIdentity.nameByteLimit), port: try reader.readUInt16())
  }
}

internal import EkkoCore

/// Why one side would not open a link; it tells the other so in a last frame.
package struct HandshakeRefusal: Error, Hashable, Sendable {
  package let reason: Reason
  /// A sentence for people. From the other side it is their claim, not a fact.
  package let detail: String

  package enum Reason: UInt8, Hashable, Sendable {
    case wrongMagic = 1
    case version = 2
    case cluster = 3
    /// The two would disagree on where parameters live.
    case shardFunction = 4
    case authenticationFailed = 5
    case secretRequired = 6
    case secretUnexpected = 7
    /// TLS, or something newer.
    case authenticationUnsupported = 8
    case busy = 9
    case malformed = 10
    /// Not the node that was expected at the endpoint.
    case wrongNode = 11
    /// A node reached itself.
    case itself = 12
    /// A reason this version has no word for.
    case other = 255
  }

  package init(_ reason: Reason, _ detail: String = "") {
    self.reason = reason
    self.detail = detail
  }

  private static let detailByteLimit = 256

  var payload: [UInt8] {
    var writer = ByteWriter()
    writer.write(self.reason.rawValue)
    writer.write(cut: self.detail, to: Self.detailByteLimit)
    return writer.bytes
  }

  init(decoding payload: ArraySlice<UInt8>) throws(WireError) {
    var reader = ByteReader(payload.span)
    self.reason = Reason(rawValue: try reader.readUInt8()) ?? .other
    self.detail = try reader.readText(limit: Self.detailByteLimit)
    try reader.finish()
  }
}

extension ByteWriter {
  /// Appends `text` as far as it fits `limit` bytes of UTF-8, cut between characters.
  mutating func write(cut text: String, to limit: Int) {
    var kept = text
    while kept.utf8.count > limit { kept.removeLast() }
    self.write(text: kept)
  }
}

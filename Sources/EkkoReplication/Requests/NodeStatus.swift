internal import EkkoCore

/// What a node reports of itself to operators.
package struct NodeStatus: Hashable, Sendable {
  package struct Model: Hashable, Sendable {
    package var name: String
    package var shards: UInt32
    package var rows: UInt64
    /// Over the digests of the model's shards in their order; absent if not asked for.
    package var digest: UInt64?

    package init(name: String, shards: UInt32, rows: UInt64, digest: UInt64?) {
      self.name = name
      self.shards = shards
      self.rows = rows
      self.digest = digest
    }
  }

  package var name: String
  package var dataCentre: String
  package var roles: UInt16
  package var models: [Model]
  /// Peers this node pulls from: those it has a link to, and all.
  package var peersReachable: UInt32
  package var peers: UInt32
  /// Bytes of answers received from peers since the start.
  package var receivedBytes: UInt64
  /// Answers given from the update cache, and by scan, to askers that knew something already.
  package var cacheHits: UInt64
  package var cacheMisses: UInt64
  /// Shards that peers announced, and those of them not pulled because our version dominated.
  package var announcements: UInt64
  package var skipped: UInt64
  /// The wall clock is so far off those of the others that writes are refused.
  package var isClockUnfit: Bool

  package init(
    name: String, dataCentre: String, roles: UInt16, models: [Model], peersReachable: UInt32,
    peers: UInt32, receivedBytes: UInt64, cacheHits: UInt64, cacheMisses: UInt64,
    announcements: UInt64, skipped: UInt64, isClockUnfit: Bool
  ) {
    self.name = name
    self.dataCentre = dataCentre
    self.roles = roles
    self.models = models
    self.peersReachable = peersReachable
    self.peers = peers
    self.receivedBytes = receivedBytes
    self.cacheHits = cacheHits
    self.cacheMisses = cacheMisses
    self.announcements = announcements
    self.skipped = skipped
    self.isClockUnfit = isClockUnfit
  }

  func encode(into writer: inout ByteWriter) {
    writer.write(text: self.name)
    writer.write(text: self.dataCentre)
    writer.write(self.roles)
    writer.write(self.peersReachable)
    writer.write(self.peers)
    writer.write(self.receivedBytes)
    writer.write(self.cacheHits)
    writer.write(self.cacheMisses)
    writer.write(self.announcements)
    writer.write(self.skipped)
    writer.write(self.isClockUnfit)
    writer.write(UInt32(self.models.count))
    for model in self.models {
      writer.write(text: model.name)
      writer.write(model.shards)
      writer.write(model.rows)
      writer.write(model.digest != nil)
      writer.write(model.digest ?? 0)
    }
  }

  init(from reader: inout ByteReader) throws(WireError) {
    self.name = try reader.readText()
    self.dataCentre = try reader.readText()
    self.roles = try reader.readUInt16()
    self.peersReachable = try reader.readUInt32()
    self.peers = try reader.readUInt32()
    self.receivedBytes = try reader.readUInt64()
    self.cacheHits = try reader.readUInt64()
    self.cacheMisses = try reader.readUInt64()
    self.announcements = try reader.readUInt64()
    self.skipped = try reader.readUInt64()
    self.isClockUnfit = try reader.readBool()
    self.models = []
    for _ in 0..<(try reader.readCount(.count, elementByteCount: 23)) {
      let name = try reader.readText()
      let shards = try reader.readUInt32()
      let rows = try reader.readUInt64()
      let hasDigest = try reader.readBool()
      let digest = try reader.readUInt64()
      self.models.append(
        Model(name: name, shards: shards, rows: rows, digest: hasDigest ? digest : nil))
    }
  }
}

/// How far a node is behind the primaries, per model, in milliseconds (DESIGN §5.10): now, and over
/// the last minute. Absent while it has not heard of every primary.
package struct NodeLag: Hashable, Sendable {
  package struct Model: Hashable, Sendable {
    package var name: String
    package var now: Double?
    package var median: Double?
    package var p99: Double?

    package init(name: String, now: Double?, median: Double?, p99: Double?) {
      self.name = name
      self.now = now
      self.median = median
      self.p99 = p99
    }
  }

  package var name: String
  package var dataCentre: String
  package var models: [Model]

  package init(name: String, dataCentre: String, models: [Model]) {
    self.name = name
    self.dataCentre = dataCentre
    self.models = models
  }

  func encode(into writer: inout ByteWriter) {
    writer.write(text: self.name)
    writer.write(text: self.dataCentre)
    writer.write(UInt32(self.models.count))
    for model in self.models {
      writer.write(text: model.name)
      for value in [model.now, model.median, model.p99] { writer.write(value ?? -1) }
    }
  }

  init(from reader: inout ByteReader) throws(WireError) {
    self.name = try reader.readText()
    self.dataCentre = try reader.readText()
    self.models = []
    for _ in 0..<(try reader.readCount(.count, elementByteCount: 26)) {
      let name = try reader.readText()
      var values: [Double?] = []
      for _ in 0..<3 {
        let value = try reader.readDouble()
        values.append(value >= 0 ? value : nil)
      }
      self.models.append(
        Model(name: name, now: values[0], median: values[1], p99: values[2]))
    }
  }
}

/// The stable identity of a node: the XXH64 of its name. It survives restarts; incarnations do not.
public struct NodeID: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package init(name: String) { self.rawValue = XXH64.hash(utf8Of: name) }

  @inlinable
  public static func < (left: NodeID, right: NodeID) -> Bool { left.rawValue < right.rawValue }
}

/// One life of one replica process: random at every start and never reused (Ekko §4.2, "id").
///
/// An incarnation that accepts a write becomes an *origin* of parameter versions. Zero is not a
/// valid incarnation.
public struct IncarnationID: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Stands where there is no version. Not a valid incarnation.
  package static let nobody = IncarnationID(rawValue: 0)

  @inlinable
  public static func < (left: IncarnationID, right: IncarnationID) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// A model's number in the catalogue. Model 0 is the catalogue itself.
public struct ModelID: Hashable, Comparable, Sendable {
  public let rawValue: UInt32

  @inlinable
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let catalogue = ModelID(rawValue: 0)

  @inlinable
  public static func < (left: ModelID, right: ModelID) -> Bool { left.rawValue < right.rawValue }
}

/// A table's number within its model.
public struct TableID: Hashable, Comparable, Sendable {
  public let rawValue: UInt16

  @inlinable
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  @inlinable
  public static func < (left: TableID, right: TableID) -> Bool { left.rawValue < right.rawValue }
}

/// One shard of one model (Ekko §3.1).
public struct ShardID: Hashable, Comparable, Sendable {
  public let model: ModelID
  public let index: UInt32

  package init(model: ModelID, index: UInt32) {
    self.model = model
    self.index = index
  }

  package static let catalogue = ShardID(model: .catalogue, index: 0)

  /// Both parts at once: shards are looked up at every step of an exchange.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(UInt64(self.model.rawValue) << 32 | UInt64(self.index))
  }

  @inlinable
  public static func < (left: ShardID, right: ShardID) -> Bool {
    (left.model, left.index) < (right.model, right.index)
  }
}

/// The address of a parameter: which table, which 64-bit key.
public struct ParameterKey: Hashable, Comparable, Sendable {
  public let table: TableID
  public let key: UInt64

  package init(table: TableID, key: UInt64) {
    self.table = table
    self.key = key
  }

  @inlinable
  public static func < (left: ParameterKey, right: ParameterKey) -> Bool {
    (left.table, left.key) < (right.table, right.key)
  }
}

/// A generation of a model's state; sections never cross epochs (rollback opens the next one).
public struct ModelEpoch: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static let first = ModelEpoch(rawValue: 1)

  @inlinable
  public static func < (left: ModelEpoch, right: ModelEpoch) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// The number of a shard's primaryship; a write that names an older one is refused.
public struct PrimaryTerm: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  package static let first = PrimaryTerm(rawValue: 1)

  @inlinable
  public static func < (left: PrimaryTerm, right: PrimaryTerm) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// Names one client for the life of its process, so that a repeated request is recognised.
public struct ClientID: Hashable, Comparable, Sendable {
  public let rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  @inlinable
  public static func < (left: ClientID, right: ClientID) -> Bool { left.rawValue < right.rawValue }
}

public import EkkoCore
package import EkkoStorage

/// Rows as they were read: one entry per key, in the order of the keys asked for.
public struct Rows: Hashable, Sendable {
  public let keys: [UInt64]
  /// Elements per row; of a `bytes` table the largest byte count of a value.
  public let rowLength: Int
  /// `nil` where there is no row (or it is deleted, or expired).
  public let versions: [ParameterVersion?]
  /// When each row was created, in seconds since 1970; zero where there is none.
  public let created: [UInt32]
  /// Row-major, `keys.count × rowLength`; where there is no row zeros, or what the row would start
  /// with if that was asked for. Empty for `bytes` tables.
  public let values: [Float]
  /// Values of a `bytes` table; empty otherwise.
  public let contents: [[UInt8]]

  /// Whether the replica that answered holds the row of the key at `place`.
  public func isFound(at place: Int) -> Bool { self.versions[place] != nil }

  /// The elements of the row at `place`.
  public subscript(place: Int) -> ArraySlice<Float> {
    self.values[(place * self.rowLength)..<((place + 1) * self.rowLength)]
  }

  package init(keys: [UInt64], rowLength: Int, rows: ShardRows) {
    self.keys = keys
    self.rowLength = rowLength
    self.versions = keys.indices.map { rows.version(at: $0) }
    self.created = rows.creations
    self.values = rows.weights
    self.contents = rows.contents
  }
}

/// The keys to read from one table.
public struct TableRead: Hashable, Sendable {
  public var table: String
  public var keys: [UInt64]

  public init(table: String, keys: [UInt64]) {
    self.table = table
    self.keys = keys
  }
}

/// What to write to one table.
public struct TableWrite: Hashable, Sendable {
  public enum Change: Hashable, Sendable {
    /// Overwrites rows: row-major weights, `keys.count × rowLength`.
    case put([Float])
    /// Overwrites the values of a `bytes` table.
    case putContents([[UInt8]])
    /// Adds gradients, which the primary applies with the table's optimiser (Ekko §2): row-major,
    /// `keys.count × rowLength`.
    case push([Float])
    case delete
  }

  public var table: String
  public var keys: [UInt64]
  public var change: Change

  public init(table: String, keys: [UInt64], change: Change) {
    self.table = table
    self.keys = keys
    self.change = change
  }
}

/// What a write has become: the version of each key, in the order given. `nil` where the table's
/// admission rule turned a new key away. A key that was repeated bears the version of its one write.
public struct WriteReceipt: Hashable, Sendable {
  public let versions: [[ParameterVersion?]]
}

/// What a reader has seen of a model: handed to later reads, they see at least that, whichever
/// replica answers (monotonic reads, DESIGN §4).
public struct Session: Hashable, Sendable {
  package var seen: [ShardID: VersionVector] = [:]

  public init() {}

  package mutating func merge(_ more: [ShardID: VersionVector]) {
    for (shard, vector) in more { self.seen[shard, default: VersionVector()].merge(vector) }
  }
}

/// What a read answers for a key without a row.
public enum MissingRow: Hashable, Sendable {
  /// Zeros, and no version.
  case report
  /// The weights the row would start with, and no version.
  case initialise
}

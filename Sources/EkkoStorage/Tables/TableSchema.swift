/// What the rows of one table are and how they learn, live and are served (DESIGN §4).
///
/// A value of this type may be invalid until `validate()` has passed; decoded ones always are
/// valid. Within a model the schema of a table changes only as `canBecome(_:)` allows.
public struct TableSchema: Hashable, Sendable {
  /// 1…64 characters of `A–Z a–z 0–9 _ . -`.
  public var name: String
  public var valueType: ValueType
  /// Elements per row, 1…65,536; for `bytes` the largest byte count of a value.
  public var rowLength: Int
  public var optimiser: Optimiser
  public var initialiser: Initialiser
  /// How long a row lives after its last write; 0 means for ever. A table's may only become shorter.
  public var timeToLiveSeconds: UInt32
  public var admission: AdmissionRule
  public var servingForm: ServingForm
  /// Makes the initial weights of this table differ from another's.
  public var seed: UInt64
  /// Counts the changes of this schema; sections name it, so that a reader notices a change.
  public var revision: UInt32

  public init(
    name: String,
    valueType: ValueType = .float32,
    rowLength: Int,
    optimiser: Optimiser = .none,
    initialiser: Initialiser = .zeros,
    timeToLiveSeconds: UInt32 = 0,
    admission: AdmissionRule = .always,
    servingForm: ServingForm = .weights,
    seed: UInt64 = 0,
    revision: UInt32 = 0
  ) {
    self.name = name
    self.valueType = valueType
    self.rowLength = rowLength
    self.optimiser = optimiser
    self.initialiser = initialiser
    self.timeToLiveSeconds = timeToLiveSeconds
    self.admission = admission
    self.servingForm = servingForm
    self.seed = seed
    self.revision = revision
  }

  package static let maximalRowLength = 65_536
  package static let maximalNameByteCount = 64

  /// The initial weights of the row of `key`: the same at every replica.
  ///
  /// - Precondition: the table is numeric and `weights` has `rowLength` elements.
  package func fillInitialWeights(_ weights: inout MutableSpan<Float>, key: UInt64) {
    precondition(self.valueType.isNumeric, "rows of bytes have no initial weights")
    precondition(weights.count == self.rowLength, "\(weights.count) of \(self.rowLength) elements")
    self.initialiser.fill(&weights, seed: self.seed, key: key)
  }
}

extension TableSchema {
  /// Whether this schema may be replaced by `other` while rows exist: only the hyper-parameters of the
  /// same optimiser may differ, and the time-to-live, which may not grow: what one replica has dropped
  /// by then would live again at another. Revisions are the caller's to count.
  public func canBecome(_ other: TableSchema) -> Bool {
    self.hasRows(like: other) && !other.livesLonger(than: self)
  }

  /// Whether rows of this schema are rows of `other` as they are: it is an earlier or a later state of
  /// the same table.
  package func hasRows(like other: TableSchema) -> Bool {
    guard self.optimiser.isSameKind(as: other.optimiser) else { return false }
    var changed = self
    changed.optimiser = other.optimiser
    changed.timeToLiveSeconds = other.timeToLiveSeconds
    changed.revision = other.revision
    return changed == other
  }

  /// Whether rows of this schema live longer than those of `other`.
  private func livesLonger(than other: TableSchema) -> Bool {
    guard other.timeToLiveSeconds != 0 else { return false }
    return self.timeToLiveSeconds == 0 || self.timeToLiveSeconds > other.timeToLiveSeconds
  }
}

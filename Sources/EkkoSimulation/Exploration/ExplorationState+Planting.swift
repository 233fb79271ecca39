import EkkoCore
import EkkoStorage

/// What planted mistakes add to a state and change between the product's steps.
extension ExplorationState {
  struct PlantedState: Sendable {
    /// A write whose time is drawn and whose row is not applied: the bytes that would bring the row.
    var pending: (replica: Int, update: Update, bytes: [UInt8], nonce: UInt64)?
    /// The replica that has announced its next write.
    var early: Int?
    /// The arrivals up to which a replica's rows came from its file.
    var loaded: [Int: UInt64] = [:]
    /// Replicas whose clock has moved on.
    var isLater: Set<Int> = []
  }

  private static let later = Instant(
    monotonic: Self.now.monotonic,
    wall: WallTime(microseconds: Self.now.wall.microseconds + 1))

  func clock(of replica: Int) -> Instant {
    self.planted.isLater.contains(replica) ? Self.later : Self.now
  }

  /// The shard version that peers are shown.
  func shownVersion(of replica: Int) -> ShardVersion {
    let shard = self.replicas[replica]
    guard self.planted.early == replica else { return shard.shardVersion }
    return ShardVersion(counter: shard.issuedCounter + 1, issuer: shard.incarnation)
  }

  mutating func incarnationAfterRestart(of replica: Int) -> IncarnationID {
    switch self.trap {
    case .clockBackUnderSameIdentity:
      return self.incarnation(of: replica)
    case .lostStateUnderSameIdentity:
      self.planted.isLater.insert(replica)
      return self.incarnation(of: replica)
    default:
      return self.nextIncarnation(of: replica)
    }
  }

  func appendPlantedSteps(to steps: inout [ExplorationStep]) {
    switch self.trap {
    case .writesCompleteOutOfOrder:
      if self.planted.pending != nil {
        steps.append(.completeWrite)
      } else if self.budget.operations > 0, self.planted.isLater.isEmpty {
        for replica in self.replicas.indices {
          for key in UInt64(0)..<2 { steps.append(.beginWrite(replica: replica, key: key)) }
        }
      }
    case .shardVersionBeforeUpdate:
      guard self.planted.early == nil, self.budget.operations > 0 else { return }
      for replica in self.replicas.indices { steps.append(.announceEarly(replica: replica)) }
    default:
      return
    }
  }

  /// Draws the time of a write and leaves the rest for later: a copy of the shard does it all, and
  /// its answer holds the row.
  mutating func beginWrite(_ replica: Int, _ key: UInt64) {
    self.budget.operations -= 1
    // The time is taken: the next write draws a later one.
    self.planted.isLater.insert(replica)
    var copy = self.replicas[replica]
    let known = copy.knowledge
    guard
      case .applied(let versions) = copy.write(
        [Self.write(.put, key)], request: nil, at: Self.now)
    else { return }
    let nonce = self.nextNonce()
    var writer = ByteWriter()
    let request = SectionRequest(
      shard: Self.shard, nonce: nonce, epoch: .first, formClass: .full, knowledge: known)
    guard case .opened(let walk) = copy.openWalk(for: request, announced: 0, into: &writer)
    else { return }
    while copy.continueWalk(walk, byteLimit: 1 << 16, into: &writer) == .more {}
    let update = Update(
      version: ParameterVersion(timestamp: versions.newest, origin: copy.incarnation), key: key)
    self.planted.pending = (replica, update, writer.bytes, nonce)
  }

  /// Applies the row that was left for later.
  mutating func completeWrite() {
    guard let pending = self.planted.pending else { return }
    self.planted.pending = nil
    self.touched.insert(pending.replica)
    let incarnation = self.replicas[pending.replica].incarnation
    guard incarnation == pending.update.version.origin,
      let items = try? SectionItem.decodeAll(pending.bytes.span)
    else { return }
    var reception = SectionReception(
      nonce: pending.nonce, asked: VersionVector(), responder: incarnation)
    // As a replace that never ends, so that the row is applied whatever is known.
    let begin = SectionBegin(
      shard: Self.shard, nonce: pending.nonce, responder: incarnation, epoch: .first,
      mode: .replace, scan: 0)
    for item in [.begin(begin)] + items {
      if case .end = item { continue }
      _ = self.replicas[pending.replica].receive(
        item, in: pending.bytes.span, reception: &reception, at: Self.later)
    }
    self.issued.append(pending.update)
  }

  /// What becomes of an item on its way; `nil` if it is withheld.
  mutating func planting(
    _ item: SectionItem, in bytes: Span<UInt8>, of index: Int
  ) -> SectionItem? {
    guard let trap = self.trap else { return item }
    switch item {
    case .rows(let rows):
      if self.isWithheld(rows, in: bytes, of: index, by: trap) { return nil }
      self.exchanges[index].accepted.count += UInt64(rows.count)
      self.exchanges[index].accepted.checksum.update(bytes.extracting(rows.body))
      return item
    case .end(var end):
      let exchange = self.exchanges[index]
      if trap == .cursorMissesRewrittenRows || trap == .emptyDominatorAfterLoading {
        end.entryCount = exchange.accepted.count
        end.checksum = exchange.accepted.checksum.finalize()
      }
      if trap == .knowledgeReadLast {
        end.knowledge = self.replicas[exchange.responder].knowledge
      }
      if let claim = exchange.claim { end.shardVersion = claim }
      return .end(end)
    case .begin, .refused, .other:
      return item
    }
  }

  /// The own counter goes on from the held version.
  mutating func plantBeforeIssuing(at replica: Int) {
    guard self.trap == .counterFromHeldVersion else { return }
    self.replicas[replica].issuedCounter = self.replicas[replica].shardVersion.counter
  }

  /// The version of a peer that knows the same is taken, whichever is larger.
  mutating func plantAfterMerge(of end: SectionEnd, at replica: Int) {
    let held = self.replicas[replica]
    guard self.trap == .adoptsEveryShardVersion, held.knowledge == end.knowledge,
      held.ahead == end.ahead
    else { return }
    self.replicas[replica].shardVersion = end.shardVersion
  }

  /// Whether a responder with this mistake would not have sent these rows.
  private func isWithheld(
    _ rows: RowsItem, in bytes: Span<UInt8>, of index: Int, by trap: ExplorationTrap
  ) -> Bool {
    let exchange = self.exchanges[index]
    let responder = self.replicas[exchange.responder]
    guard let slot = responder.tables[0].slot(of: rows.key(0, in: bytes)) else { return false }
    let arrival = responder.tables[0].sequence(at: slot)
    switch trap {
    case .cursorMissesRewrittenRows: return arrival > (exchange.mark ?? .max)
    case .emptyDominatorAfterLoading:
      return arrival <= (self.planted.loaded[exchange.responder] ?? 0)
    default: return false
    }
  }
}

package import EkkoCore

/// The requester's side of one section: "complete or nothing" (DESIGN §5.5).
///
/// Rows may be applied as they arrive; whether the section's knowledge may be merged is decided
/// here from the request's nonce, the responder's incarnation, the number of entries, the checksum
/// and whether every entry was accepted.
package struct SectionReception: Hashable, Sendable {
  package let nonce: UInt64
  /// The knowledge asked with; at the merge ours must still dominate it (D1).
  package let asked: VersionVector
  package let responder: IncarnationID
  package private(set) var mode: SectionMode?
  package private(set) var entryCount: UInt64 = 0
  private var checksum = CRC32C()
  private var scan: UInt64 = 0
  private var cursor = ScanCursor()
  package private(set) var isBroken = false
  /// The nonce of the latest attempt that brought some of the section that goes on here; `nil` for one
  /// that starts.
  package private(set) var resumed: UInt64?
  /// What that attempt brought.
  private var resumedMode: SectionMode?

  package init(nonce: UInt64, asked: VersionVector, responder: IncarnationID) {
    self.nonce = nonce
    self.asked = asked
    self.responder = responder
  }

  /// A reception that goes on from where an earlier one of the same request broke off.
  package init(nonce: UInt64, resuming earlier: SectionReception) {
    self = earlier.replacingNonce(nonce)
  }

  private func replacingNonce(_ nonce: UInt64) -> SectionReception {
    var copy = SectionReception(nonce: nonce, asked: self.asked, responder: self.responder)
    copy.entryCount = self.entryCount
    copy.checksum = self.checksum
    copy.scan = self.scan
    copy.cursor = self.cursor
    // An answer may end before it gets to a section that was to go on.
    copy.resumed = self.mode == nil ? self.resumed : self.nonce
    copy.resumedMode = self.modeSoFar
    return copy
  }

  /// Of this attempt or, as long as it has brought nothing, of the one that is to go on.
  package var modeSoFar: SectionMode? { self.mode ?? self.resumedMode }

  /// What to ask with so that the section resumes; `nil` when it must restart.
  package var resumeToken: ResumeToken? {
    guard self.scan != 0, !self.isBroken, self.cursor != ScanCursor() else { return nil }
    return ResumeToken(
      responder: self.responder, scan: self.scan, cursor: self.cursor,
      entryCount: self.entryCount, checksum: self.checksum.finalize())
  }

  /// - Returns: whether the item opens this section.
  package mutating func receive(_ begin: SectionBegin) -> Bool {
    guard begin.nonce == self.nonce, begin.responder == self.responder, self.mode == nil else {
      return false
    }
    self.mode = begin.mode
    if begin.scan != self.scan || begin.scan == 0 {
      // The responder starts over: what an earlier attempt counted does not belong to this one.
      self.entryCount = 0
      self.checksum = CRC32C()
      self.cursor = ScanCursor()
      self.resumed = nil
    }
    self.scan = begin.scan
    return true
  }

  /// Notes rows that were all accepted; `bytes` is the item's body.
  package mutating func accepted(_ rows: RowsItem, body: Span<UInt8>) {
    #if PlantedBugs
      let hasGap =
        PlantedBug.active != .incompleteSectionMerged && rows.precedingCount != self.entryCount
    #else
      let hasGap = rows.precedingCount != self.entryCount
    #endif
    if hasGap { self.isBroken = true }
    self.entryCount += UInt64(rows.count)
    self.checksum.update(body)
    if rows.cursor != ScanCursor() { self.cursor = rows.cursor }
  }

  /// Some entry was refused or lost: this section's knowledge must not be merged.
  package mutating func breakOff() { self.isBroken = true }

  /// Whether the section arrived whole and every entry was accepted.
  package func isComplete(_ end: SectionEnd) -> Bool {
    #if PlantedBugs
      if PlantedBug.active == .incompleteSectionMerged {
        return !self.isBroken && self.mode == end.mode && end.nonce == self.nonce
          && end.responder == self.responder
      }
    #endif
    return !self.isBroken && self.mode == end.mode && end.nonce == self.nonce
      && end.responder == self.responder && end.entryCount == self.entryCount
      && end.checksum == self.checksum.finalize()
  }
}

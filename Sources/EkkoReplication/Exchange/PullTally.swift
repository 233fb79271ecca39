/// What pulling over one link has done.
package struct PullTally: Hashable, Sendable {
  /// Frames whole, as they crossed the link.
  package var receivedBytes = 0
  package var rows: UInt64 = 0
  package var sectionsMerged: UInt64 = 0
  package var sectionsDropped: UInt64 = 0
  package var sectionsRefused: UInt64 = 0
  /// Shards that were announced, and those of them skipped because our version dominated.
  package var announcements: UInt64 = 0
  package var skipped: UInt64 = 0
  /// Announcements that this link had brought before: none, for the bookmark has passed them.
  package var repeated: UInt64 = 0

  package init() {}

  package mutating func add(_ other: PullTally) {
    self.receivedBytes += other.receivedBytes
    self.rows += other.rows
    self.sectionsMerged += other.sectionsMerged
    self.sectionsDropped += other.sectionsDropped
    self.sectionsRefused += other.sectionsRefused
    self.announcements += other.announcements
    self.skipped += other.skipped
    self.repeated += other.repeated
  }
}

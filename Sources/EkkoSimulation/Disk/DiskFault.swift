/// What can be wrong with a simulated disk; the raw values are the keys of reports.
package enum DiskFault: String, CaseIterable, Hashable, Sendable {
  /// A power cut leaves a prefix of a file that was published a moment before: the disk lied about
  /// the sync.
  case tornWrite = "torn_write"
  /// A power cut undoes the last publishes and deletes: what was there before is back.
  case lostUnsynced = "lost_unsynced"
  /// A power cut undoes one publish of the last ones, but not what came after it.
  case renameLost = "rename_not_durable"
  /// A bit of a file at rest changes.
  case bitFlip = "bit_flip"
  /// A publish lands under the name of another snapshot.
  case misdirectedWrite = "misdirected_write"
  /// Nothing can be written.
  case diskFull = "disk_full"
  case readError = "read_error"
  case writeError = "write_error"
  /// A sync fails, and what it should have made durable is gone.
  case syncError = "sync_error"
  /// Calls take 100 to 1,000 times as long.
  case slowDisk = "slow_disk"
}

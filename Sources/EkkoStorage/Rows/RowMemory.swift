import CEkko
import Glibc

/// One block of flat memory that holds a table's rows: the key index, what is kept beside each row
/// (key, version, arrival), and the row bytes.
///
/// Owned by exactly one `RowTable` while that table changes it; shared only between copies that do
/// not. Offsets are computed once here; every access names a slot below `capacity` or a bucket
/// below `bucketCount`, which the table checks.
@safe
// SAFETY (Sendable): the memory is written only by a `RowTable` that holds the only reference
// (`RowTable.reserve` copies otherwise), so no two threads ever write, or read and write, at once.
final class RowMemory: @unchecked Sendable {
  let capacity: Int
  let stride: Int
  /// A power of two, at least capacity / 0.7.
  let bucketCount: Int
  /// Right shift that turns a 64-bit hash into a bucket.
  let bucketShift: UInt64

  private let base: UnsafeMutableRawPointer
  private let byteCount: Int
  let buckets: UnsafeMutablePointer<UInt64>
  let heads: UnsafeMutablePointer<RowHead>
  let rows: UnsafeMutableRawPointer

  /// What is kept beside a row, together: whoever looks at one of these looks at the others next, and
  /// all are half a cache line.
  struct RowHead {
    var key: UInt64
    var timestamp: UInt64
    /// Zero for a free slot.
    var sequence: UInt64
    /// Its highest bit marks a tombstone.
    var origin: UInt64
  }

  /// Blocks of at least this size are mapped and advised to use huge pages.
  private static let mappedByteCount = 2 << 20

  init(capacity: Int, stride: Int) {
    precondition(capacity > 0 && capacity < 1 << 31 && stride > 0 && stride < 1 << 24)
    self.capacity = capacity
    self.stride = stride
    var bucketCount = 4
    while bucketCount * 7 < capacity * 10 { bucketCount *= 2 }
    self.bucketCount = bucketCount
    self.bucketShift = UInt64(64 - bucketCount.trailingZeroBitCount)

    let headOffset = bucketCount * MemoryLayout<UInt64>.stride
    let rowOffset = headOffset + capacity * MemoryLayout<RowHead>.stride
    self.byteCount = rowOffset + capacity * stride
    unsafe self.base = Self.allocate(self.byteCount)
    // SAFETY: the three parts lie one behind the other inside the `byteCount` bytes allocated above;
    // those of 8-byte words come first, so each is aligned.
    unsafe self.buckets = self.base.assumingMemoryBound(to: UInt64.self)
    unsafe self.heads = (self.base + headOffset).assumingMemoryBound(to: RowHead.self)
    unsafe self.rows = self.base + rowOffset
  }

  deinit {
    if self.byteCount >= Self.mappedByteCount {
      unsafe munmap(self.base, self.byteCount)
    } else {
      unsafe free(self.base)
    }
  }

  private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount < self.mappedByteCount {
      guard let block = unsafe calloc(1, byteCount) else { fatalError("out of memory") }
      return unsafe block
    }
    let mapped = unsafe mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      fatalError("out of memory: mmap of \(byteCount) bytes failed")
    }
    unsafe madvise(mapped, byteCount, Int32(MADV_HUGEPAGE))
    return unsafe mapped
  }

  /// A block of `capacity` slots with the first `slotCount` slots of this one.
  ///
  /// The index is rebuilt when its size differs, which touches no row.
  func copy(capacity: Int, slotCount: Int) -> RowMemory {
    precondition(capacity >= slotCount && slotCount <= self.capacity)
    let copy = RowMemory(capacity: capacity, stride: self.stride)
    // SAFETY: both blocks have at least `slotCount` slots, checked above.
    unsafe copy.heads.update(from: self.heads, count: slotCount)
    unsafe copy.rows.copyMemory(from: self.rows, byteCount: slotCount * self.stride)
    if copy.bucketCount == self.bucketCount {
      unsafe copy.buckets.update(from: self.buckets, count: self.bucketCount)
    } else {
      for bucket in 0..<self.bucketCount {
        let entry = unsafe self.buckets[bucket]
        if entry != 0 {
          let hash = unsafe RowTable.hash(
            of: self.heads[Int(UInt32(truncatingIfNeeded: entry)) - 1].key)
          copy.insertEntry(hash: hash, slot: Int(UInt32(truncatingIfNeeded: entry)) - 1)
        }
      }
    }
    return copy
  }

  /// Adds an index entry for a key known to be absent. Linear probing; load stays ≤ 0.7.
  func insertEntry(hash: UInt64, slot: Int) {
    var bucket = Int(hash >> self.bucketShift)
    while unsafe self.buckets[bucket] != 0 { bucket = (bucket + 1) & (self.bucketCount - 1) }
    unsafe self.buckets[bucket] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(slot + 1)
  }

  /// Removes the entry of `slot` and closes the gap, so that no probe sequence is broken.
  func removeEntry(hash: UInt64, slot: Int) {
    let mask = self.bucketCount - 1
    var gap = Int(hash >> self.bucketShift)
    while unsafe UInt32(truncatingIfNeeded: self.buckets[gap]) != UInt32(slot + 1) {
      precondition(unsafe self.buckets[gap] != 0, "no index entry for slot \(slot)")
      gap = (gap + 1) & mask
    }
    var next = (gap + 1) & mask
    while unsafe self.buckets[next] != 0 {
      // The upper half of an entry is the upper half of its hash, which holds the bucket bits as
      // long as there are at most 2^32 buckets.
      let home = Int(unsafe self.buckets[next] >> self.bucketShift)
      if (next - home) & mask >= (next - gap) & mask {
        unsafe self.buckets[gap] = self.buckets[next]
        gap = next
      }
      next = (next + 1) & mask
    }
    unsafe self.buckets[gap] = 0
  }
}

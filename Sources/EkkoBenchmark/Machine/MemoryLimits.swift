internal import CEkko
internal import EkkoCore
internal import Foundation
internal import Glibc

/// What this machine's memory can do with rows of some size at random places: what a store without an
/// index, versions or anybody to ask would reach with huge pages and addresses known ahead.
///
/// Each thread works on its own part of one region of `rowCount` rows.
@safe
// SAFETY (Sendable): threads touch disjoint parts of the region.
final class MemoryLimits: @unchecked Sendable {
  private let rowCount: Int
  private let rowByteCount: Int
  private let region: UnsafeMutableRawPointer

  private static let phaseLength = 64
  private static let mostRowsPerRound = 4_000_000

  /// A small region is in the processor's caches after a few passes.
  private var rowsPerRound: Int { min(Self.mostRowsPerRound, 40 * self.rowCount) }

  init(rowCount: Int, rowByteCount: Int) {
    self.rowCount = rowCount
    self.rowByteCount = rowByteCount
    let byteCount = rowCount * rowByteCount
    let mapped = unsafe mmap(
      nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      fatalError("out of memory: mmap of \(byteCount) bytes failed")
    }
    unsafe madvise(mapped, byteCount, Int32(MADV_HUGEPAGE))
    unsafe memset(mapped, 1, byteCount)
    unsafe self.region = mapped
  }

  deinit { unsafe munmap(self.region, self.rowCount * self.rowByteCount) }

  /// Rows a second that `threads` threads overwrite together.
  func randomWrites(threads: Int) -> Double {
    unsafe self.rate(threads: threads) { row, place in
      // SAFETY: `row` is below the rows of the region.
      unsafe (self.region + row * self.rowByteCount).copyMemory(
        from: place, byteCount: self.rowByteCount)
    }
  }

  /// Rows a second that `threads` threads copy out together.
  func randomReads(threads: Int) -> Double {
    unsafe self.rate(threads: threads) { row, place in
      // SAFETY: as above; `place` has room for a row.
      unsafe place.copyMemory(
        from: self.region + row * self.rowByteCount, byteCount: self.rowByteCount)
    }
  }

  /// Bytes a second that one thread copies from one half of the region to the other.
  func copies() -> Double {
    let half = min(128 << 20, self.rowCount * self.rowByteCount / 2)
    let start = ContinuousClock.now
    // SAFETY: both parts lie in the region and do not overlap.
    for _ in 0..<4 {
      unsafe (self.region + half).copyMemory(from: self.region, byteCount: half)
    }
    return Double(4 * half) / start.duration(to: .now).inSeconds
  }

  private func rate(
    threads: Int, _ body: @escaping @Sendable (Int, UnsafeMutableRawPointer) -> Void
  ) -> Double {
    let share = self.rowCount / threads
    let start = ContinuousClock.now
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      var generator = SplitMix64(seed: UInt64(thread) + 1)
      unsafe withUnsafeTemporaryAllocation(byteCount: self.rowByteCount, alignment: 64) { row in
        guard let place = row.baseAddress else { return }
        unsafe memset(place, 2, self.rowByteCount)
        self.run(from: thread * share, share, using: &generator) { unsafe body($0, place) }
      }
    }
    return Double(threads * self.rowsPerRound) / start.duration(to: .now).inSeconds
  }

  /// Phases of 64 rows: all are fetched before the first is touched.
  @inline(__always)
  private func run(
    from first: Int, _ share: Int, using generator: inout SplitMix64, _ body: (Int) -> Void
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.phaseLength) { rows in
      for _ in 0..<(self.rowsPerRound / Self.phaseLength) {
        for place in 0..<Self.phaseLength {
          let (row, _) = UInt64(share).multipliedFullWidth(by: generator.next())
          unsafe rows[place] = first + Int(row)
          for line in stride(from: 0, to: self.rowByteCount, by: 64) {
            // SAFETY: a prefetch never faults.
            unsafe ekko_prefetch(self.region + rows[place] * self.rowByteCount + line)
          }
        }
        for place in 0..<Self.phaseLength { body(unsafe rows[place]) }
      }
    }
  }
}

internal import EkkoCore
internal import Glibc

/// A stretch of address space, advised for huge pages, that is given out in runs of small pages.
///
/// Process-wide, as the allocator is. A huge page of which nothing is in use goes back to the system.
@safe
// SAFETY (Sendable): the bookkeeping is only touched under the lock of `all`; the memory itself belongs
// to whoever holds a run.
final class MemoryRegion: @unchecked Sendable {
  static let pageByteCount = 4 << 10
  static let largestRunByteCount = 4 << 20
  private static let hugePageByteCount = 2 << 20
  private static let byteCount = 32 << 20
  private static let pageCount = byteCount / pageByteCount
  private static let pagesPerHugePage = hugePageByteCount / pageByteCount

  private static let all = Guarded<[MemoryRegion]>([])

  let base: UnsafeMutableRawPointer
  private var isUsed = [Bool](repeating: false, count: pageCount)
  /// Pages that may hold something else than zeros.
  private var isDirty = [Bool](repeating: false, count: pageCount)
  private var freeCount = pageCount
  /// No page before this one is free.
  private var firstFree = 0
  /// No run of so many pages was found; larger ones are not looked for until something is freed.
  private var shortestMissing = pageCount + 1

  private init() { unsafe self.base = Self.map(Self.byteCount) }

  /// Zeroed pages for `byteCount` bytes.
  static func allocate(byteCount: Int) -> (MemoryRegion, Range<Int>) {
    let count = (byteCount + Self.pageByteCount - 1) / Self.pageByteCount
    let run = Self.all.withLock { regions in
      for region in regions {
        if let run = region.take(count) { return run }
      }
      let region = MemoryRegion()
      regions.append(region)
      guard let run = region.take(count) else { fatalError("a run larger than a region") }
      return run
    }
    if run.isDirty {
      // SAFETY: the pages lie in the region, and nobody else holds them. Not under the lock, for which
      // all others would wait.
      unsafe memset(
        run.region.base + run.pages.lowerBound * Self.pageByteCount, 0,
        count * Self.pageByteCount)
    }
    return (run.region, run.pages)
  }

  static func release(_ pages: Range<Int>, of region: MemoryRegion) {
    Self.all.withLock { _ in region.giveBack(pages) }
  }

  /// Pages that are somebody's.
  private struct Run {
    let region: MemoryRegion
    let pages: Range<Int>
    /// Whether some may hold something else than zeros.
    let isDirty: Bool
  }

  private func take(_ count: Int) -> Run? {
    guard count <= self.freeCount, count < self.shortestMissing else { return nil }
    while self.firstFree < Self.pageCount, self.isUsed[self.firstFree] { self.firstFree += 1 }
    var start = self.firstFree
    var page = start
    while page < Self.pageCount {
      if self.isUsed[page] { start = page + 1 }
      page += 1
      if page - start == count { return self.take(start..<page) }
    }
    self.shortestMissing = count
    return nil
  }

  private func take(_ pages: Range<Int>) -> Run {
    var isDirty = false
    for page in pages {
      self.isUsed[page] = true
      isDirty = isDirty || self.isDirty[page]
      self.isDirty[page] = true
    }
    self.freeCount -= pages.count
    return Run(region: self, pages: pages, isDirty: isDirty)
  }

  private func giveBack(_ pages: Range<Int>) {
    for page in pages { self.isUsed[page] = false }
    self.freeCount += pages.count
    self.firstFree = min(self.firstFree, pages.lowerBound)
    self.shortestMissing = Self.pageCount + 1
    let per = Self.pagesPerHugePage
    for huge in (pages.lowerBound / per)...((pages.upperBound - 1) / per) {
      let inside = (huge * per)..<((huge + 1) * per)
      guard !self.isUsed[inside].contains(true) else { continue }
      // SAFETY: nobody holds anything of these pages; they read as zeros from now on.
      unsafe madvise(
        self.base + huge * Self.hugePageByteCount, Self.hugePageByteCount, Int32(MADV_DONTNEED))
      for page in inside { self.isDirty[page] = false }
    }
  }

  static func roundedToHugePages(_ byteCount: Int) -> Int {
    (byteCount + Self.hugePageByteCount - 1) / Self.hugePageByteCount * Self.hugePageByteCount
  }

  /// Zeroed memory of whole huge pages, aligned to them, for `munmap` to take back.
  static func map(_ byteCount: Int) -> UnsafeMutableRawPointer {
    let room = byteCount + Self.hugePageByteCount
    let mapped = unsafe mmap(nil, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      fatalError("out of memory: mmap of \(room) bytes failed")
    }
    let before =
      (Self.hugePageByteCount - Int(bitPattern: mapped) % Self.hugePageByteCount)
      % Self.hugePageByteCount
    let start = unsafe mapped + before
    // SAFETY: both ends lie in the mapping, outside what is handed out.
    if before > 0 { unsafe munmap(mapped, before) }
    unsafe munmap(start + byteCount, Self.hugePageByteCount - before)
    unsafe madvise(start, byteCount, Int32(MADV_HUGEPAGE))
    return unsafe start
  }
}

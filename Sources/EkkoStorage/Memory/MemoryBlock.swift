internal import Glibc

/// A zeroed block of memory that lives as long as someone holds it.
///
/// Small ones come from the allocator. Larger ones are page runs of regions that huge pages are
/// advised for, which shards share, so that a shard of some hundred kilobytes has huge pages, too;
/// what is larger than a region's share is a mapping of its own.
@safe
// SAFETY (Sendable): the class only owns; who writes to the memory, and when, is its holder's to order.
final class MemoryBlock: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  private let origin: Origin

  /// Address space, as much as any chunk of rows needs, that has no memory: it reads as zeros, and must
  /// not be written to.
  static let unbacked = MemoryBlock(unbackedByteCount: 256 << 20)

  private enum Origin {
    case allocator
    case region(MemoryRegion, Range<Int>)
    case mapping
  }

  /// Below this the allocator does.
  private static let smallestRunByteCount = 16 << 10

  init(byteCount: Int) {
    precondition(byteCount > 0)
    if byteCount < Self.smallestRunByteCount {
      guard let block = unsafe calloc(1, byteCount) else { fatalError("out of memory") }
      unsafe self.base = block
      self.byteCount = byteCount
      self.origin = .allocator
    } else if byteCount <= MemoryRegion.largestRunByteCount {
      let (region, pages) = MemoryRegion.allocate(byteCount: byteCount)
      unsafe self.base = region.base + pages.lowerBound * MemoryRegion.pageByteCount
      self.byteCount = pages.count * MemoryRegion.pageByteCount
      self.origin = .region(region, pages)
    } else {
      self.byteCount = MemoryRegion.roundedToHugePages(byteCount)
      unsafe self.base = MemoryRegion.map(self.byteCount)
      self.origin = .mapping
    }
  }

  private init(unbackedByteCount: Int) {
    let mapped = unsafe mmap(
      nil, unbackedByteCount, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      fatalError("mmap of \(unbackedByteCount) bytes failed")
    }
    unsafe self.base = mapped
    self.byteCount = unbackedByteCount
    self.origin = .mapping
  }

  deinit {
    switch self.origin {
    case .allocator: unsafe free(self.base)
    case .region(let region, let pages): MemoryRegion.release(pages, of: region)
    case .mapping: unsafe munmap(self.base, self.byteCount)
    }
  }

  /// A block of the same size with the same bytes.
  func copy() -> MemoryBlock {
    let copy = MemoryBlock(byteCount: self.byteCount)
    // SAFETY: both blocks have `byteCount` bytes.
    unsafe copy.base.copyMemory(from: self.base, byteCount: self.byteCount)
    return copy
  }
}

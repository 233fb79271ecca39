internal import EkkoCore
internal import Glibc

/// Memory that a virtual machine has been given by its host before it is measured who uses it.
///
/// The first touch of memory that the host has yet to give, or has taken back because nothing used it for
/// some seconds, takes fifty times as long as any other. So as much as will be needed is touched, held, and
/// given back to the system a little before it is needed.
@safe
// SAFETY (Sendable): pages are given back under the lock, each once; nobody else knows of them.
final class WarmMemory: @unchecked Sendable {
  /// The longest that it took to touch one huge page.
  let longestTouch: Duration
  private let region: UnsafeMutableRawPointer
  private let byteCount: Int
  private let released = Guarded(0)

  private static let hugePageByteCount = 2 << 20
  /// So much is given back before it is asked for.
  private static let lead = 64 << 20

  init(byteCount: Int) {
    self.byteCount = byteCount / Self.hugePageByteCount * Self.hugePageByteCount
    let room = self.byteCount + Self.hugePageByteCount
    let mapped = unsafe mmap(nil, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      fatalError("out of memory: mmap of \(room) bytes failed")
    }
    // SAFETY: with what precedes the first whole huge page, it is all that was mapped.
    unsafe self.region = mapped + (-Int(bitPattern: mapped) & (Self.hugePageByteCount - 1))
    unsafe madvise(self.region, self.byteCount, Int32(MADV_HUGEPAGE))
    var longest = Duration.zero
    for place in stride(from: 0, to: self.byteCount, by: Self.hugePageByteCount) {
      let before = ContinuousClock.now
      unsafe self.region.storeBytes(of: 1, toByteOffset: place, as: UInt8.self)
      longest = max(longest, before.duration(to: .now))
    }
    self.longestTouch = longest
    self.release(byteCount: Self.lead)
  }

  deinit { self.release(byteCount: self.byteCount) }

  /// Gives so much more back to the system, as long as there is some.
  func release(byteCount: Int) {
    self.released.withLock { released in
      let huge = Self.hugePageByteCount
      let (from, end) = (released / huge * huge, min(self.byteCount, released + byteCount))
      released = end
      guard end / huge * huge > from else { return }
      // SAFETY: whole huge pages of the region; the one that is in part to be given back stays.
      unsafe madvise(self.region + from, end / huge * huge - from, Int32(MADV_DONTNEED))
    }
  }
}

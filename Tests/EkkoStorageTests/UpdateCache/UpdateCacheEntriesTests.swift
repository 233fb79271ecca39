import EkkoCore
import Testing

@testable import EkkoStorage

/// Which arrivals are live, beside a list that is kept the simplest way (Ekko §4.4.1).
struct UpdateCacheEntriesTests {
  private static func entry(_ sequence: UInt64) -> UpdateCache.Entry {
    UpdateCache.Entry(
      table: 0, slot: UInt32(sequence), timestamp: Timestamp(rawValue: sequence * 10),
      origin: UInt32(sequence % 3))
  }

  @Test(arguments: 0..<40) func `it holds what a list holds`(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var cache = UpdateCache()
    var live: [UInt64] = []
    var dominator: [UInt64] = [0, 0, 0]
    var last: UInt64 = 0
    for _ in 0..<300 {
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<5:
        let count = Int.random(in: 1...100, using: &generator)
        let replaced = live.shuffled(using: &generator).prefix(
          Int.random(in: 0...count, using: &generator))
        let former = Array(replaced) + Array(repeating: 0, count: count - replaced.count)
        let entries = (0..<count).map { Self.entry(last + 1 + UInt64($0)) }
        cache.append(entries.span, replacing: former.span, from: last + 1)
        live.removeAll { replaced.contains($0) }
        live += (0..<count).map { last + 1 + UInt64($0) }
        last += UInt64(count)
      case 5..<7:
        guard let gone = live.randomElement(using: &generator) else { continue }
        cache.noteRemoval(of: gone)
        cache.noteRemoval(of: gone)
        live.removeAll { $0 == gone }
      case 7:
        if cache.needsCompaction { cache.compact() }
        #expect(!cache.needsCompaction)
      default:
        let through = UInt64.random(in: 0...last, using: &generator)
        cache.prune(through: through)
        for sequence in live where sequence <= through {
          let origin = Int(sequence % 3)
          dominator[origin] = max(dominator[origin], sequence * 10)
        }
        live.removeAll { $0 <= through }
      }
      #expect(cache.liveCount == live.count)
      #expect(cache.storedCount >= cache.liveCount)
    }
    #expect(cache.entries(after: 0).map(\.sequence) == live)
    #expect(cache.entries(after: 0).allSatisfy { $0.entry == Self.entry($0.sequence) })
    let middle = live.isEmpty ? 0 : live[live.count / 2]
    #expect(cache.entries(after: middle).map(\.sequence) == live.filter { $0 > middle })
    #expect((1...last).allSatisfy { cache.contains($0) == live.contains($0) })
    #expect(
      (0..<3).allSatisfy { $0 >= cache.dominator.count || cache.dominator[$0] == dominator[$0] })
  }

  @Test func `what is written over and over takes no room`() {
    var cache = UpdateCache()
    for sequence in UInt64(1)...100_000 {
      let replaced: [UInt64] = [sequence > 10 ? sequence - 10 : 0]
      cache.append([Self.entry(sequence)].span, replacing: replaced.span, from: sequence)
      if cache.needsCompaction { cache.compact() }
      #expect(cache.storedCount <= 2 * 10 + 64 + 1)
    }
    #expect(cache.liveCount == 10)
  }
}

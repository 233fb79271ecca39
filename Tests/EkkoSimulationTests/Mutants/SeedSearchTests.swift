import EkkoSimulation
import Synchronization
import Testing

@Suite struct SeedSearchTests {
  @Test(arguments: [1, 2, 5]) func `the smallest seed counts, however many threads look`(
    threads: Int
  ) throws {
    let find = SeedSearch.first(from: 10, count: 1000, threads: threads) { seed in
      seed % 37 == 0 || seed == 990 ? "\(seed)" : nil
    }

    let found = try #require(find)
    #expect(found.seed == 37)
    #expect(found.value == "37")
  }

  @Test func `a search that may go on for ever ends where something is found`() {
    let find = SeedSearch.first(from: 0, count: .max, threads: 2) { seed in
      seed >= 300 ? seed : nil
    }

    #expect(find?.seed == 300)
  }

  @Test func `nothing is found where nothing is`() {
    #expect(SeedSearch.first(from: 0, count: 50, threads: 2) { _ in Int?.none } == nil)
    #expect(SeedSearch.first(from: 0, count: 0, threads: 2) { _ in 1 } == nil)
  }

  @Test func `the last seed there is is asked about`() {
    let last = SeedSearch.first(from: .max - 2, count: 3, threads: 2) { seed in
      seed == .max ? seed : nil
    }

    #expect(last?.seed == .max && last?.value == .max)
  }

  @Test func `no seed is asked about after a smaller one was found`() {
    let asked = Mutex<[UInt64]>([])
    let find = SeedSearch.first(from: 0, count: 100, threads: 1) { seed in
      asked.withLock { $0.append(seed) }
      return seed == 3 ? seed : nil
    }

    #expect(find?.seed == 3)
    #expect(asked.withLock { $0 } == [0, 1, 2, 3])
  }
}

@Suite struct MutantSummaryTests {
  private static func report(_ name: String, seedsTried: Int, isFound: Bool) -> MutantReport {
    let failure = SeedOutcome.Failure(
      invariant: "K1", step: 1, virtualTime: .zero, detail: "a row is gone")
    return MutantReport(
      name: name, meaning: "It is wrong.", trap: nil,
      find: isFound ? .init(seed: 0, failure: failure) : nil,
      seedsTried: seedsTried)
  }

  @Test func `a summary counts what was found and names what was missed`() {
    var summary = MutantSummary()
    #expect(summary.medianSeeds == nil && summary.maximalSeeds == nil)

    summary.add(Self.report("a", seedsTried: 9, isFound: true))
    summary.add(Self.report("b", seedsTried: 2000, isFound: false))
    summary.add(Self.report("c", seedsTried: 1, isFound: true))
    summary.add(Self.report("d", seedsTried: 70, isFound: true))

    #expect(summary.mutants == 4 && summary.found == 3)
    #expect(summary.missed == ["b"])
    #expect(summary.medianSeeds == 9)
    #expect(summary.maximalSeeds == 70)
  }

  @Test func `a known seed says nothing of how long a search would take`() {
    var summary = MutantSummary(isRecorded: true)

    summary.add(Self.report("a", seedsTried: 1, isFound: true))

    #expect(summary.found == 1)
    #expect(summary.medianSeeds == nil && summary.maximalSeeds == nil)
  }
}

import EkkoCore
import Testing

/// A version vector against the definition: the set of updates it stands for.
@Suite struct VersionVectorTests {
  private static func random(using generator: inout SplitMix64) -> VersionVector {
    var vector = VersionVector()
    for origin in 1...4 where generator.next() % 3 != 0 {
      vector.observe(
        ParameterVersion(
          timestamp: Timestamp(rawValue: generator.next() % 4),
          origin: IncarnationID(rawValue: UInt64(origin))))
    }
    return vector
  }

  /// Every update that `vector` covers, of a small universe.
  private static func updates(of vector: VersionVector) -> Set<ParameterVersion> {
    var covered = Set<ParameterVersion>()
    for origin in 1...4 {
      for time in 1...4 {
        let version = ParameterVersion(
          timestamp: Timestamp(rawValue: UInt64(time)),
          origin: IncarnationID(rawValue: UInt64(origin)))
        if vector.covers(version) { covered.insert(version) }
      }
    }
    return covered
  }

  @Test(arguments: UInt64(0)..<64)
  func `order, merge and intersection are those of the sets of updates`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<200 {
      let left = Self.random(using: &generator)
      let right = Self.random(using: &generator)
      let (leftSet, rightSet) = (Self.updates(of: left), Self.updates(of: right))

      var merged = left
      merged.merge(right)

      #expect(left.dominates(right) == leftSet.isSuperset(of: rightSet))
      #expect(Self.updates(of: merged) == leftSet.union(rightSet))
      #expect(Self.updates(of: left.intersection(right)) == leftSet.intersection(rightSet))
      #expect((left == right) == (leftSet == rightSet))
      #expect((left.hashValue == right.hashValue) || left != right)
    }
  }

  @Test func `an absent origin means zero and zero is never stored`() {
    var vector = VersionVector()
    let origin = IncarnationID(rawValue: 9)

    vector.observe(ParameterVersion(timestamp: .zero, origin: origin))

    #expect(vector == VersionVector())
    #expect(vector.dominates(VersionVector()))
    #expect(vector[origin] == .zero)
  }

  @Test func `vectors that differ in one origin are not comparable the wrong way round`() {
    let one = ParameterVersion(
      timestamp: Timestamp(rawValue: 1), origin: IncarnationID(rawValue: 1))
    let two = ParameterVersion(
      timestamp: Timestamp(rawValue: 1), origin: IncarnationID(rawValue: 2))

    #expect(!VersionVector([one]).dominates(VersionVector([one, two])))
    #expect(VersionVector([one, two]).dominates(VersionVector([one])))
  }
}

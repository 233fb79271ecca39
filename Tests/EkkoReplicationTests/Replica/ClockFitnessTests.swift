import EkkoCore
import EkkoReplication
import Testing

/// Whose clock is wrong (DESIGN §5.2).
struct ClockFitnessTests {
  private static let names = ["a", "b", "c", "d"].map { NodeID(name: $0) }

  /// - Parameter offsets: of the first of four other nodes, in seconds.
  private static func heard(_ offsets: [Double]) -> ClockFitness {
    var fitness = ClockFitness()
    for (node, offset) in zip(Self.names, offsets) {
      fitness.note(node, offset: .seconds(offset))
    }
    return fitness
  }

  @Test func `a clock off the median of three is unfit, and of two nobody knows`() {
    #expect(Self.heard([]).verdict == .fit)
    #expect(Self.heard([0.4]).verdict == .fit)
    #expect(Self.heard([60]).verdict == .suspicious(offset: .seconds(60)))
    #expect(Self.heard([60, 0.1]).verdict == .fit)
    #expect(Self.heard([60, 60]).verdict == .unfit(offset: .seconds(60)))
    #expect(Self.heard([60, 61, 0]).verdict == .fit)
    #expect(Self.heard([60, 61, 62]).verdict == .unfit(offset: .seconds(60)))
  }

  @Test func `one other must have been heard before a clock counts as right`() {
    #expect(Self.heard([]).isConfirmed(by: []))
    #expect(!Self.heard([]).isConfirmed(by: [Self.names[0]]))
    #expect(Self.heard([0.1]).isConfirmed(by: [Self.names[0]]))
    #expect(!Self.heard([]).isConfirmed(by: Self.names))
    #expect(Self.heard([0.1]).isConfirmed(by: Self.names))
    #expect(Self.heard([0.1, 0.1]).isConfirmed(by: Self.names))
  }

  /// The one in the middle of three wrong clocks is fit by the median.
  @Test func `of those that were heard most must agree`() {
    #expect(!Self.heard([60]).isConfirmed(by: [Self.names[0]]))
    #expect(!Self.heard([-60, 133]).isConfirmed(by: Self.names))
    #expect(Self.heard([0, 133]).isConfirmed(by: Self.names))
    #expect(!Self.heard([0, 133, 133]).isConfirmed(by: Self.names))
    #expect(Self.heard([0, 133, 133, 0]).isConfirmed(by: Self.names))
  }

  @Test func `who is no member does not count`() {
    #expect(!Self.heard([0, 0, 0]).isConfirmed(by: [Self.names[3]]))
  }
}

import Testing

@testable import EkkoNode

@Suite struct SavingPaceTests {
  @Test func `saving takes a tenth of the time, however long a round takes`() {
    var pace = SavingPace(interval: .seconds(1))
    #expect(pace.pause(after: .milliseconds(10)) == .seconds(1))
    _ = pace.pause(after: .seconds(4))
    #expect(pace.pause(after: .seconds(5)) == .seconds(36))
    #expect(pace.pause(after: .seconds(3)) == .seconds(27))
    #expect(pace.pause(after: .milliseconds(10)) == .seconds(1))
  }

  /// Seed 618: a node that was stopped while it saved, twice in two seconds, saved nothing for five more.
  @Test func `a round in which the machine stood still puts off nothing`() {
    var pace = SavingPace(interval: .seconds(1))
    _ = pace.pause(after: .milliseconds(10))
    #expect(pace.pause(after: .seconds(60)) == .seconds(1))
    #expect(pace.pause(after: .milliseconds(10)) == .seconds(1))
    #expect(pace.pause(after: .seconds(60)) == .seconds(1))
  }
}

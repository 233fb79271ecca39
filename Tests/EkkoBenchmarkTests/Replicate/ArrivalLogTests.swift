import Testing

@testable import EkkoBenchmark

@Suite struct ArrivalLogTests {
  @Test func `a write has arrived when the last replica shows it or a later one`() {
    var log = ArrivalLog(replicaCount: 2)
    log.noteCommit(10, at: 1000)
    log.noteCommit(20, at: 2000)
    log.noteCommit(30, at: 3000)
    log.noteSighting(10, at: 1500, replica: 0)
    log.noteSighting(20, at: 4000, replica: 1)
    log.noteSighting(30, at: 5000, replica: 0)
    #expect(!log.isComplete)

    #expect(
      log.delays(until: 9000) == [
        .init(committed: 1000, milliseconds: 3, isSeen: true),
        .init(committed: 2000, milliseconds: 3, isSeen: true),
        .init(committed: 3000, milliseconds: 6, isSeen: false),
      ])
    log.noteSighting(30, at: 5500, replica: 1)
    #expect(log.isComplete)
    #expect(log.delays(until: 9000)[2] == .init(committed: 3000, milliseconds: 2.5, isSeen: true))
  }

  @Test func `what is seen again says nothing new`() {
    var log = ArrivalLog(replicaCount: 1)
    log.noteCommit(10, at: 1000)
    log.noteSighting(10, at: 1500, replica: 0)
    log.noteSighting(10, at: 2500, replica: 0)
    log.noteSighting(9, at: 2600, replica: 0)

    #expect(log.sightings == [[.init(mark: 10, at: 1500)]])
    #expect(log.delays(until: 9000) == [.init(committed: 1000, milliseconds: 0.5, isSeen: true)])
  }

  @Test func `a commit that is noted after it was seen took no time`() {
    var log = ArrivalLog(replicaCount: 1)
    log.noteSighting(10, at: 1500, replica: 0)
    log.noteCommit(10, at: 1600)

    #expect(log.delays(until: 9000) == [.init(committed: 1600, milliseconds: 0, isSeen: true)])
  }
}

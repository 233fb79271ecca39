import EkkoCore
import EkkoReplication
import Testing

@Suite struct RecoveryScheduleTests {
  private static let shards = (0..<2).map { ShardID(model: ModelID(rawValue: 1), index: $0) }
  private static let (life, dead) = (IncarnationID(rawValue: 1), IncarnationID(rawValue: 99))
  private static let serving = member("s", 2)
  private static let training = member("t", 3)
  private static let start = MonotonicTime(nanoseconds: 1_000_000_000)

  private static func member(_ name: String, _ life: UInt64) -> KnowledgeReport.Member {
    .init(node: NodeID(name: name), incarnation: IncarnationID(rawValue: life))
  }

  private static func vector(_ origin: IncarnationID, _ time: UInt64) -> VersionVector {
    VersionVector([ParameterVersion(timestamp: Timestamp(rawValue: time), origin: origin)])
  }

  private static func own(_ shards: [ShardID]) -> [RecoverySurvey.OwnShard] {
    shards.map { .init(id: $0, knowledge: Self.vector(Self.dead, 10)) }
  }

  private static func survey() -> RecoverySurvey {
    RecoverySurvey(
      shards: Self.own(Self.shards), lesser: [Self.serving],
      full: [Self.training],
      living: [Self.life, Self.serving.incarnation, Self.training.incarnation])
  }

  /// A schedule that has compared everything once.
  private static func settled() -> RecoverySchedule {
    var schedule = RecoverySchedule()
    schedule.note(
      Self.serving, compared: Set(Self.shards), of: Self.own(Self.shards), at: Self.start)
    return schedule
  }

  private static func due(
    _ schedule: inout RecoverySchedule, _ survey: RecoverySurvey, at now: MonotonicTime = start
  ) -> [ShardID] {
    let due = schedule.due(survey, at: now)
    #expect(due.allSatisfy { $0.member == Self.serving })
    return due.flatMap(\.shards).map(\.id)
  }

  @Test func `each life of a replica of a lesser form is compared once`() {
    var schedule = RecoverySchedule()
    var survey = Self.survey()
    #expect(Self.due(&schedule, survey) == Self.shards)
    schedule.note(
      Self.serving, compared: [Self.shards[0]], of: Self.own([Self.shards[0]]), at: Self.start)
    #expect(Self.due(&schedule, survey) == [Self.shards[1]])
    schedule.note(
      Self.serving, compared: [Self.shards[1]], of: Self.own([Self.shards[1]]), at: Self.start)
    #expect(Self.due(&schedule, survey) == [])

    survey.lesser = [Self.member("s", 4)]
    let due = schedule.due(survey, at: Self.start)

    #expect(due.map(\.member) == survey.lesser && due.map(\.shards) == [survey.shards])
  }

  @Test func `a replica that knows more of the dead is compared again, one that does not is not`() {
    var schedule = Self.settled()
    var survey = Self.survey()
    survey.knowledge.note(Self.serving, knows: [(Self.shards[1], Self.vector(Self.dead, 10))])
    #expect(Self.due(&schedule, survey) == [])

    survey.knowledge.note(Self.serving, knows: [(Self.shards[1], Self.vector(Self.dead, 11))])

    #expect(Self.due(&schedule, survey) == [Self.shards[1]])
  }

  /// What it got since may have come from one that could not be asked, and of which nobody knows.
  @Test func `one replica at a time is compared again after a while`() {
    var survey = Self.survey()
    let others = [Self.member("u", 5), Self.member("v", 6)]
    survey.lesser += others
    var schedule = Self.settled()
    for (member, second) in zip(others, [1, 2] as [Int64]) {
      schedule.note(
        member, compared: Set(Self.shards), of: Self.own(Self.shards),
        at: Self.start.advanced(by: .seconds(second)))
    }
    let late = Self.start.advanced(by: RecoverySchedule.repetition + .seconds(1))
    let early = Self.start.advanced(by: RecoverySchedule.repetition - .nanoseconds(1))
    #expect(schedule.due(survey, at: early).isEmpty)

    // Of the second the time is over as well, but it waits for its turn.
    for member in [Self.serving, others[0]] {
      let due = schedule.due(survey, at: late)
      #expect(due.map(\.member) == [member] && due.map(\.shards) == [survey.shards])
      schedule.note(member, compared: Set(Self.shards), of: Self.own(Self.shards), at: late)
    }
    #expect(schedule.due(survey, at: late).isEmpty)
  }

  /// One in whose shards a full replica knows more, which is asked first, keeps no other waiting.
  @Test func `who cannot be compared again now keeps no other waiting`() {
    var survey = Self.survey()
    let other = Self.member("u", 5)
    survey.lesser.append(other)
    var schedule = Self.settled()
    schedule.note(
      other, compared: [Self.shards[1]], of: Self.own([Self.shards[1]]),
      at: Self.start.advanced(by: .seconds(1)))
    schedule.note(
      Self.serving, compared: [Self.shards[1]], of: Self.own([Self.shards[1]]),
      at: Self.start.advanced(by: .seconds(2)))
    survey.knowledge.note(Self.training, knows: [(Self.shards[0], Self.vector(Self.dead, 11))])
    let late = Self.start.advanced(by: RecoverySchedule.repetition + .seconds(1))

    let due = schedule.due(survey, at: late)

    #expect(due.map(\.member) == [other] && due.flatMap(\.shards).map(\.id) == [Self.shards[1]])
  }

  @Test func `what the living wrote, or counts as known everywhere, is not missed`() {
    var schedule = Self.settled()
    var survey = Self.survey()
    survey.knowledge.note(Self.serving, knows: [(Self.shards[0], Self.vector(Self.dead, 11))])
    var living = survey
    living.living.insert(Self.dead)
    #expect(Self.due(&schedule, living) == [])

    survey.retired = [Self.dead]

    #expect(Self.due(&schedule, survey) == [])
  }

  @Test func `what somebody holds in full is left to the usual pull`() {
    var schedule = RecoverySchedule()
    var survey = Self.survey()
    survey.knowledge.note(Self.training, knows: [(Self.shards[0], Self.vector(Self.dead, 11))])
    survey.knowledge.note(Self.serving, knows: [(Self.shards[0], Self.vector(Self.dead, 12))])
    #expect(Self.due(&schedule, survey) == [Self.shards[1]])

    survey.shards[0].knowledge = Self.vector(Self.dead, 11)

    #expect(Self.due(&schedule, survey) == Self.shards)
  }

  @Test func `a shard to be replaced waits for a replica that holds full rows, if there is one`() {
    var schedule = Self.settled()
    var survey = Self.survey()
    survey.shards[0].mustReplace = true
    #expect(Self.due(&schedule, survey) == [])

    survey.full = []

    #expect(Self.due(&schedule, survey) == [Self.shards[0]])
  }

  @Test func `a replica that did not answer is left alone for a while that grows and ends`() {
    var schedule = RecoverySchedule()
    let survey = Self.survey()
    var now = Self.start
    var delays: [Duration] = []
    for _ in 0..<7 {
      schedule.note(Self.serving, compared: [], of: Self.own(Self.shards), at: now)
      var delay = Duration.zero
      while Self.due(&schedule, survey, at: now.advanced(by: delay)).isEmpty {
        delay += .seconds(1)
      }
      delays.append(delay)
      now = now.advanced(by: delay)
    }
    #expect(delays == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })

    schedule.note(Self.serving, compared: [Self.shards[0]], of: Self.own([Self.shards[0]]), at: now)
    schedule.note(Self.serving, compared: [], of: Self.own([Self.shards[1]]), at: now)

    #expect(Self.due(&schedule, survey, at: now.advanced(by: .seconds(1))) == [Self.shards[1]])
  }

  @Test func `what was lost is back once everyone was asked and nobody is known to have more`() {
    var (schedule, survey) = (RecoverySchedule(), Self.survey())
    #expect(!schedule.isSettled(survey))
    schedule.note(Self.serving, compared: [], of: Self.own(Self.shards), at: Self.start)
    // Who does not answer is not waited for,
    #expect(schedule.isSettled(survey))
    // but for what others say it has.
    survey.knowledge.note(Self.serving, knows: [(Self.shards[1], Self.vector(Self.dead, 11))])
    #expect(!schedule.isSettled(survey))

    #expect(Self.settled().isSettled(Self.survey()))
    #expect(!Self.settled().isSettled(survey))
    survey = Self.survey()
    survey.knowledge.note(Self.training, knows: [(Self.shards[0], Self.vector(Self.dead, 11))])
    #expect(!Self.settled().isSettled(survey))
    survey = Self.survey()
    survey.isWhole = false
    #expect(!Self.settled().isSettled(survey))
  }
}

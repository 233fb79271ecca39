/// When marked writes were committed, and when each replica showed them; all times in microseconds
/// since 1970. Marks ascend, and who shows one shows all before it.
struct ArrivalLog: Hashable, Sendable {
  struct Entry: Hashable, Sendable {
    let mark: UInt64
    let at: UInt64
  }

  private(set) var commits: [Entry] = []
  private(set) var sightings: [[Entry]]

  init(replicaCount: Int) {
    self.sightings = Array(repeating: [], count: replicaCount)
  }

  mutating func noteCommit(_ mark: UInt64, at time: UInt64) {
    self.commits.append(Entry(mark: mark, at: time))
  }

  /// The newest mark at a replica; the same again says nothing new.
  mutating func noteSighting(_ mark: UInt64, at time: UInt64, replica: Int) {
    if let last = self.sightings[replica].last, last.mark >= mark { return }
    self.sightings[replica].append(Entry(mark: mark, at: time))
  }

  /// Whether every replica has shown what was committed last.
  var isComplete: Bool {
    guard let last = self.commits.last else { return true }
    return self.sightings.allSatisfy { ($0.last?.mark ?? 0) >= last.mark }
  }

  /// What became of each commit, in their order.
  struct Delay: Hashable, Sendable {
    let committed: UInt64
    /// Until the last of the replicas showed it; of one that was never shown everywhere, until `end`.
    let milliseconds: Double
    let isSeen: Bool
  }

  func delays(until end: UInt64) -> [Delay] {
    var places = [Int](repeating: 0, count: self.sightings.count)
    return self.commits.map { commit in
      var latest: UInt64? = 0
      for (replica, entries) in self.sightings.enumerated() {
        while places[replica] < entries.count, entries[places[replica]].mark < commit.mark {
          places[replica] += 1
        }
        let seen = places[replica] < entries.count ? entries[places[replica]].at : nil
        latest = latest.flatMap { latest in seen.map { max(latest, $0) } }
      }
      // Clocks are one; but a commit may be noted a little late.
      let time = max(0, Int64(latest ?? end) - Int64(commit.at))
      return Delay(
        committed: commit.at, milliseconds: Double(time) / 1000, isSeen: latest != nil)
    }
  }
}

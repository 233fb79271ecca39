internal import EkkoCore
internal import EkkoNode
internal import EkkoReplication
internal import EkkoStorage

/// Makes the planned faults happen, ends them, and counts those that changed something.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
final class FaultDirector: @unchecked Sendable {
  private let plan: ScenarioPlan
  private let world: World
  /// What processes and clocks have met.
  private var counts: [FaultKind: Int] = [:]
  /// The planned faults, by their places in the plan, of which that is known.
  private var shown: Set<Int> = []
  /// What the planned faults of the network are there, by their places in the plan.
  private var tickets: [(fault: Int, NetworkFaultTicket)] = []
  /// What the planned faults of disks were armed for, in the order of their beginning.
  private var armed: [ArmedDisk] = []
  /// Crashes that were not planned, as `replay` prints them.
  private(set) var madeUp: [String] = []
  /// What ends the faults that are under way, by the order of their beginning.
  private var endings: [Int: () -> Void] = [:]
  private var begun = 0
  /// The safety phase: no fault begins any more, and who is down waits for the healing.
  private var isOver = false
  /// Copies of disks, taken early in the safety phase.
  private var copies: [Int: SimulatedDisk.Copy] = [:]

  init(_ plan: ScenarioPlan, in world: World) {
    self.plan = plan
    self.world = world
  }

  private struct ArmedDisk {
    let fault: Int
    let node: Int
    let kind: DiskFault
  }

  private var simulation: Simulation { self.world.simulation }

  func schedule(from start: Int64) {
    for (place, fault) in self.plan.faults.enumerated() {
      self.simulation.at(start + fault.at.wholeNanoseconds) {
        guard !self.isOver else { return }
        self.begin(fault, place)
      }
    }
    // What an older copy is a copy of: something between the beginning and now.
    let middle = self.plan.options.span * 0.3
    self.simulation.after(middle) {
      for (place, node) in self.world.nodes.enumerated() {
        if let disk = node.disk { self.copies[place] = disk.copy() }
      }
    }
  }

  /// Ends every fault that is under way and lets none begin any more.
  func endAll() {
    self.isOver = true
    for (_, ending) in self.endings.sorted(by: { $0.key < $1.key }) { ending() }
    self.endings = [:]
    self.world.network.heal()
    for node in self.world.nodes {
      node.clock.correctWall()
      node.clock.setMonotonic(rate: 1)
    }
  }

  /// Starts those of `nodes` that do not run, and those anew that the cluster did not take: while another
  /// of their name was there, or since their rows come from a wrong future.
  func revive(_ nodes: [SimulatedNode]) {
    for node in nodes {
      if let life = node.life, !life.isOver, life.events.refusal == nil { continue }
      self.world.kill(node)
      self.world.start(node)
    }
  }

  /// How often each kind of fault has changed what came of an operation, by name.
  func fired() -> [String: Int] {
    var fired: [String: Int] = [:]
    for (kind, count) in self.counts { fired[kind.name, default: 0] += count }
    for (_, ticket) in self.tickets { fired[ticket.kind.rawValue, default: 0] += ticket.effects }
    for node in self.world.nodes {
      for (kind, count) in node.disk?.fired ?? [:] { fired[kind.rawValue, default: 0] += count }
    }
    return fired.filter { $0.value > 0 }
  }

  /// How many faults have changed what came of an operation, each counted once.
  func effectiveCount() -> Int {
    var effective = self.shown
    for (fault, ticket) in self.tickets where ticket.effects > 0 { effective.insert(fault) }
    var met = self.world.nodes.map { $0.disk?.fired ?? [:] }
    for disk in self.armed where !effective.contains(disk.fault) {
      guard let count = met[disk.node][disk.kind], count > 0 else { continue }
      met[disk.node][disk.kind] = count - 1
      effective.insert(disk.fault)
    }
    return effective.count + self.madeUp.count
  }

  /// Crashes nodes until so many faults have made a difference, where the planned ones did not.
  func makeUp(to least: Int) async {
    for node in self.world.nodes.dropFirst() where self.effectiveCount() < least {
      if node.life?.isOver == true {
        // Down by a fault that has not shown itself yet.
        self.world.start(node)
      }
      if node.store == nil { await self.world.sleep(.milliseconds(50)) }
      // One that has not got so far loses nothing.
      guard node.store != nil else { continue }
      self.world.kill(node)
      self.madeUp.append("crash of \(node.name) at \(Duration.nanoseconds(self.simulation.now))")
      self.counts[.process(.crash), default: 0] += 1
      await self.world.sleep(.milliseconds(20))
    }
  }

  private func count(_ kind: FaultKind, of fault: Int) {
    self.counts[kind, default: 0] += 1
    self.shown.insert(fault)
  }

  // MARK: One fault

  /// - Parameter place: the fault's in the plan.
  private func begin(_ fault: PlannedFault, _ place: Int) {
    switch fault.kind {
    case .network(let kind): self.begin(kind, fault, place)
    case .disk(let kind): self.begin(kind, fault, place)
    case .process(let kind):
      for node in fault.nodes { self.begin(kind, fault, at: node) { self.count($0, of: place) } }
    case .clock(let kind):
      for node in fault.nodes { self.begin(kind, fault, at: node) { self.count($0, of: place) } }
    }
  }

  /// Has `body` called when the fault's time is over, or all faults are ended.
  private func end(_ fault: PlannedFault, _ body: @escaping () -> Void) {
    self.end(after: fault.lasting, body)
  }

  private func end(after duration: Duration, _ body: @escaping () -> Void) {
    self.begun += 1
    let number = self.begun
    self.endings[number] = body
    self.simulation.after(duration) {
      if let body = self.endings.removeValue(forKey: number) { body() }
    }
  }

  private func node(_ place: Int) -> SimulatedNode { self.world.nodes[place] }

  /// Starts a node again when the fault is over, unless that is left to the healing.
  private func startLater(
    _ node: SimulatedNode, after pause: Duration, then body: @escaping () -> Void = {}
  ) {
    self.simulation.after(pause) {
      guard !self.isOver, node.life?.isOver == true else { return }
      self.world.start(node)
      body()
    }
  }

  // MARK: Networks and disks

  private func begin(_ kind: NetworkFault, _ fault: PlannedFault, _ place: Int) {
    let network = self.world.network
    let rules = fault.rules(
      kind, hosts: self.world.nodes.map(\.name), clients: self.plan.clients.map(\.name))
    for (rule, from, to) in rules {
      self.simulation.after(fault.lasting * from) {
        guard !self.isOver else { return }
        let ticket = network.start(rule)
        self.tickets.append((place, ticket))
        self.simulation.after(fault.lasting * (to - from)) { network.stop(ticket) }
      }
    }
  }

  private func begin(_ kind: DiskFault, _ fault: PlannedFault, _ place: Int) {
    for number in fault.nodes {
      let node = self.node(number)
      guard let disk = node.disk else { continue }
      self.armed.append(ArmedDisk(fault: place, node: number, kind: kind))
      disk.arm(kind, chance: 0.3 + 0.7 * fault.strength)
      switch kind {
      case .tornWrite, .lostUnsynced, .renameLost:
        // They show at a power cut.
        self.world.kill(node)
        disk.disarm(kind)
        self.startLater(node, after: fault.lasting)
      case .bitFlip, .misdirectedWrite, .readError:
        // They show when the files are read, by the next life.
        self.end(fault) { disk.disarm(kind) }
        self.simulation.after(fault.lasting * 0.4) {
          guard !self.isOver else { return }
          self.world.kill(node)
          self.startLater(node, after: fault.lasting * 0.2)
        }
      case .diskFull, .writeError, .syncError, .slowDisk:
        self.end(fault) { disk.disarm(kind) }
      }
    }
  }

  // MARK: Processes

  /// - Parameter count: called when it has made a difference; so below.
  private func begin(
    _ kind: ProcessFault, _ fault: PlannedFault, at place: Int,
    count: @escaping @Sendable (FaultKind) -> Void
  ) {
    let node = self.node(place)
    guard let life = node.life, !life.isOver, life.store != nil else { return }
    switch kind {
    case .crash:
      self.world.kill(node)
    case .stateLoss:
      self.world.kill(node)
      node.wipeDisk()
    case .olderCopy:
      guard let disk = node.disk, let copy = self.copies[place], !disk.holds(copy) else { return }
      self.world.kill(node)
      disk.restore(copy)
    case .clonedState:
      guard let clone = self.world.startClone(of: node) else { return }
      return self.end(fault) {
        if clone.store != nil || clone.events.refusal != nil { count(.process(kind)) }
        self.world.end(clone)
      }
    case .restart:
      // A stop that lasts into the healing ends there: meanwhile the node counts as running.
      return self.world.stop(node) {
        count(.process(kind))
        if node.life === life { self.world.start(node) }
      }
    case .pause:
      let before = life.process.delayedJobs
      life.process.pause()
      return self.end(fault) {
        life.process.resume()
        if life.process.delayedJobs > before { count(.process(kind)) }
      }
    case .slow:
      let before = life.process.delayedJobs
      life.process.jobDuration = .microseconds(20) + .microseconds(500) * fault.strength
      return self.end(fault) {
        life.process.jobDuration = .zero
        if life.process.delayedJobs > before { count(.process(kind)) }
      }
    }
    count(.process(kind))
    self.startLater(node, after: fault.lasting)
  }

  // MARK: Clocks

  /// What a node has done that goes by the time which `kind` makes wrong. By the wall: rows it has stamped,
  /// let expire, or refused with others as they seemed to come from the future. By the other time: all
  /// that has arrived, which is pruned by when it did.
  private static func workDone(by store: StoreNode, under kind: ClockFault) -> UInt64 {
    guard kind != .suspend else { return store.node.board.sequence }
    return store.node.shards.all.reduce(0) { work, actor in
      let counters = actor.assumeIsolated { $0.shard.counters }
      return work + counters.rowsWritten + counters.rowsReissued + counters.rowsExpired
        + counters.sectionsRefused
    }
  }

  private func begin(
    _ kind: ClockFault, _ fault: PlannedFault, at place: Int,
    count: @escaping @Sendable (FaultKind) -> Void
  ) {
    let node = self.node(place)
    guard let life = node.life, !life.isOver, let store = life.store else { return }
    let before = Self.workDone(by: store, under: kind)
    let clock = node.clock
    switch kind {
    case .offset: clock.stepWall(by: .milliseconds(400) * (2 * fault.strength - 1))
    case .drift: clock.setWall(rate: 0.8 + 0.4 * fault.strength)
    case .stepForward: clock.stepWall(by: .seconds(1) + .seconds(3600) * fault.strength)
    case .stepBack: clock.stepWall(by: .zero - .seconds(1) - .seconds(3600) * fault.strength)
    case .freeze: clock.setWall(rate: 0)
    case .suspend: clock.setMonotonic(rate: 0)
    case .backAcrossRestart:
      self.world.kill(node)
      let end = clock.now().wall
      clock.stepWall(by: .zero - .seconds(5) - .seconds(600) * fault.strength)
      // Another fault's end may have put the clock right before the node is back.
      self.startLater(node, after: fault.lasting) {
        if clock.now().wall < end { count(.clock(kind)) }
      }
      // It stays behind for a while after the restart.
      return self.end(after: fault.lasting * 3) { clock.correctWall() }
    }
    self.end(fault) {
      clock.correctWall()
      clock.setMonotonic(rate: 1)
      if Self.workDone(by: store, under: kind) > before, fault.isNoticeable { count(.clock(kind)) }
      guard kind == .stepForward, node.plan.isTraining, node.life?.isOver == false else { return }
      // Rows from a wrong future: the operator restarts the node, which issues them anew.
      self.world.stop(node) { self.world.start(node) }
    }
  }
}

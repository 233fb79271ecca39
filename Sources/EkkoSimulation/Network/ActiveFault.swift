internal import EkkoCore

/// One fault to be switched on: its kind, where, how likely for each unit, how strong.
package struct NetworkFaultRule: Hashable, Sendable {
  package var kind: NetworkFault
  package var paths: FaultyPaths
  /// For each unit, of the kinds that befall single units.
  package var probability: Double
  /// How late at most (`delayTail`, `reorder`, `duplicate`, `lateReplay`), or about how long blocked
  /// and open in turn (`flapping`).
  package var spread: Duration
  /// What is left of the way (`bandwidthSqueeze`).
  package var bytesPerSecond: Double

  package init(
    _ kind: NetworkFault, on paths: FaultyPaths = .all, probability: Double = 1,
    spread: Duration = .milliseconds(500), bytesPerSecond: Double = 50_000
  ) {
    self.kind = kind
    self.paths = paths
    self.probability = probability
    self.spread = spread
    self.bytesPerSecond = bytesPerSecond
  }
}

/// A fault that was switched on: to switch it off, and to see whether it has mattered.
package struct NetworkFaultTicket: Sendable {
  private let held: Confined<ActiveFault>

  init(_ fault: ActiveFault) { self.held = Confined(fault) }

  var fault: ActiveFault { self.held.value }

  package var kind: NetworkFault { self.fault.kind }

  /// How often it has changed what happened to a unit, a channel or an attempt to open one.
  package var effects: Int { self.fault.effects }
}

/// A fault that is on, with a generator of its own: other faults that come or go leave what it does
/// to a unit alone.
final class ActiveFault {
  let rule: NetworkFaultRule
  var generator: SplitMix64
  var hasEnded = false
  /// How often it has changed what happened to a unit, a channel or an attempt to open one.
  var effects = 0
  /// Flapping: whether it blocks just now.
  var isBlocking = true
  /// Half-open: whose units it swallowed.
  private var unheard: [(side: ChannelSide, connection: SimulatedConnection)] = []

  init(_ rule: NetworkFaultRule, generator: SplitMix64) {
    self.rule = rule
    self.generator = generator
  }

  var kind: NetworkFault { self.rule.kind }

  func addUnheard(_ side: ChannelSide, of connection: SimulatedConnection) {
    guard !self.unheard.contains(where: { $0.side === side }) else { return }
    self.unheard.append((side, connection))
  }

  /// Who has sent in vain goes on trying, and now gets an answer; who only listens hears nothing.
  func end() {
    self.hasEnded = true
    for (side, connection) in self.unheard { connection.reset(side) }
    self.unheard = []
  }

  func strikes() -> Bool { self.generator.chance(self.rule.probability) }

  func drawSpread() -> Int64 {
    Int64(self.generator.nextUnit() * Double(self.rule.spread.wholeNanoseconds))
  }
}

/// What is wrong with one path, in the order in which it was switched on.
struct PathFaults {
  /// The first that blocks it.
  var block: ActiveFault?
  /// That make units late, and that befall them when they arrive.
  var onLaunch: [ActiveFault] = []
  var onArrival: [ActiveFault] = []
  var squeeze: ActiveFault?

  init() {}

  init(_ active: [ActiveFault], on path: NetworkPath) {
    for fault in active where fault.rule.paths.contains(path) {
      switch fault.kind {
      case .delayTail, .reorder: self.onLaunch.append(fault)
      case .bandwidthSqueeze:
        if fault.rule.bytesPerSecond < self.squeeze?.rule.bytesPerSecond ?? .infinity {
          self.squeeze = fault
        }
      case _ where fault.kind.isBlock:
        if fault.isBlocking, self.block == nil { self.block = fault }
      default: self.onArrival.append(fault)
      }
    }
  }
}

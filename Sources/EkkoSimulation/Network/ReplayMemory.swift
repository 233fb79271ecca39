internal import EkkoCore

/// A few units that went over a path, kept to be replayed: of the processes that speak over it now,
/// and of those that did before one of them restarted.
struct ReplayMemory {
  /// Larger units are not kept, which bounds the memory.
  private static let largestUnit = 16 << 10
  /// One unit of so many is kept, so that those kept are not all of one moment.
  private static let stride = 3

  private let capacity: Int
  private var lives = ProcessPair()
  private var current: [[UInt8]] = []
  private var next = 0
  private var previous: [[UInt8]] = []

  /// The numbers of the processes that units go from and to; a restarted one has a higher number.
  struct ProcessPair: Hashable {
    var first: UInt32 = 0
    var second: UInt32 = 0
  }

  init(capacity: Int) { self.capacity = capacity }

  mutating func record(_ bytes: [UInt8], at unit: Int, lives: ProcessPair) {
    guard self.capacity > 0 else { return }
    if lives.first > self.lives.first || lives.second > self.lives.second {
      self.lives = lives
      if !self.current.isEmpty { self.previous = self.current }
      self.current = []
      self.next = 0
    }
    guard unit % Self.stride == 0, bytes.count <= Self.largestUnit else { return }
    if self.current.count < self.capacity {
      self.current.append(bytes)
    } else {
      self.current[self.next] = bytes
      self.next = (self.next + 1) % self.capacity
    }
  }

  /// A unit to replay, three times in four of earlier processes if there are any.
  func draw(using generator: inout SplitMix64) -> [UInt8]? {
    let isEarlier = !self.previous.isEmpty && (self.current.isEmpty || generator.chance(0.75))
    let units = isEarlier ? self.previous : self.current
    return units.isEmpty ? nil : units[generator.below(units.count)]
  }
}

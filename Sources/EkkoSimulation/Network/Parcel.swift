/// One unit on its way: what one `write` call handed over, or the orderly end behind it.
final class Parcel {
  enum Content {
    case bytes([UInt8])
    case end
  }

  let connection: SimulatedConnection
  let source: ChannelSide
  var content: Content
  /// Place among the units of its direction.
  let sequence: UInt64
  /// What made it up, as a copy or a replay. Its writer does not know of it.
  let invented: ActiveFault?
  /// When its last byte leaves the line it is in.
  var tail: Int64 = 0
  var enteredLine: Int64 = 0
  /// How much later than in its turn it arrives, and what does that.
  var slip: Int64 = 0
  var slippedBy: ActiveFault?
  /// What makes it late; counted when it arrives.
  var lateBy: ActiveFault?

  init(
    _ content: Content, of connection: SimulatedConnection, from source: ChannelSide,
    sequence: UInt64, invented: ActiveFault? = nil
  ) {
    self.content = content
    self.connection = connection
    self.source = source
    self.sequence = sequence
    self.invented = invented
  }

  var target: ChannelSide { self.source.peer }

  /// Which processes it goes from and to.
  var lives: ReplayMemory.ProcessPair {
    ReplayMemory.ProcessPair(first: self.source.process, second: self.target.process)
  }

  /// Whether its arrival may show what a fault did.
  var isMarked: Bool { self.slip > 0 || self.lateBy != nil || self.invented != nil }

  var byteCount: Int {
    switch self.content {
    case .bytes(let bytes): bytes.count
    case .end: 0
    }
  }
}

internal import EkkoCore
internal import EkkoTransport

/// One side of a simulated channel: what it has received and not read, what it wrote that the other
/// side has not read, and how it ended.
///
/// A side that is over takes no part any more: nothing of it is sent, and what reaches it is answered
/// with a reset, unless its process died without a word.
final class ChannelSide {
  enum Status { case open, closing, over }

  enum Ending {
    case orderly
    case failure(TransportError)
  }

  /// The way to the other side.
  unowned let path: NetworkPath
  // Both set for good by `join`, before anything else is called.
  private(set) unowned var connection: SimulatedConnection!
  private(set) unowned var peer: ChannelSide!
  /// Of the process it belongs to, while it is not over.
  weak var attachment: NetworkAttachment?
  /// Among the sides of its attachment.
  var place = 0
  let limits: ChannelLimits
  /// The number of its process.
  let process: UInt32

  var status = Status.open
  /// If it ended by its process's death.
  var death: DeathStyle?

  var inbox = Inbox()
  /// What the reader meets after the last byte.
  var readEnding: Ending?
  var hasReceivedEnd = false
  /// The highest place among the units that arrived here.
  var newestArrived: UInt64 = 0

  var writeFailure: TransportError?
  /// Written, and neither read by the other side nor known to be lost.
  private var unsettledByteCount = 0
  private var acceptedByteCount: UInt64 = 0
  private var unitCount: UInt64 = 0
  var isEndDelivered = false
  /// The latest arrival at the other side of units in their turn, and of all.
  var lastArrival: Int64 = 0
  var lastHead: Int64 = 0
  var latestArrival: Int64 = 0

  let readWakeup = Wakeup()
  let writeWakeup = Wakeup()
  var closers: [CheckedContinuation<Void, Never>] = []
  var deadline: TimerQueue.Ticket?

  init(path: NetworkPath, attachment: NetworkAttachment, limits: ChannelLimits) {
    self.path = path
    self.attachment = attachment
    self.limits = limits
    self.process = attachment.process
  }

  func join(_ connection: SimulatedConnection, peer: ChannelSide) {
    self.connection = connection
    self.peer = peer
    self.attachment?.add(self, of: connection)
  }

  /// Whether what it has not sent yet will still be sent.
  var isSending: Bool { self.status != .over }

  // MARK: Reading and writing

  func read() async throws(TransportError) -> [UInt8]? {
    let limit = min(self.limits.readByteCount, self.limits.largestPieceByteCount ?? .max)
    while true {
      if let bytes = self.inbox.take(atMost: limit) {
        self.peer.settle(bytes.count)
        return bytes
      }
      switch self.readEnding {
      case .orderly?: return nil
      case .failure(let error)?: throw error
      case nil: break
      }
      if Task.isCancelled { throw .cancelled }
      await self.readWakeup.wait()
    }
  }

  func write(_ bytes: [UInt8]) async throws(TransportError) {
    while true {
      if let writeFailure = self.writeFailure { throw writeFailure }
      if !self.isFull { break }
      if Task.isCancelled { throw .cancelled }
      await self.writeWakeup.wait()
    }
    guard !bytes.isEmpty else { return }
    self.unsettledByteCount += bytes.count
    self.acceptedByteCount += UInt64(bytes.count)
    self.send(.bytes(bytes))
  }

  var isFull: Bool { self.unsettledByteCount > self.limits.highWatermark }

  var outflow: Outflow {
    Outflow(accepted: self.acceptedByteCount, waiting: self.unsettledByteCount)
  }

  func send(_ content: Parcel.Content) {
    self.unitCount += 1
    self.path.send(
      Parcel(content, of: self.connection, from: self, sequence: self.unitCount))
  }

  /// `count` bytes of this side's are no longer on their way.
  func settle(_ count: Int) {
    self.unsettledByteCount -= count
    if !self.isFull { self.writeWakeup.signal() }
  }

  // MARK: What arrives

  func receive(_ parcel: Parcel) {
    switch (self.status, parcel.content) {
    case (.over, _):
      self.answerForTheGone()
    case (.open, .bytes(let bytes)):
      // What the network made up may come behind the end.
      guard self.readEnding == nil else { break }
      if parcel.invented != nil { parcel.source.settle(-bytes.count) }
      self.inbox.append(bytes)
      self.readWakeup.signal()
    case (.closing, .bytes(let bytes)):
      if parcel.invented == nil { parcel.source.settle(bytes.count) }
    case (.open, .end):
      self.hasReceivedEnd = true
      if self.readEnding == nil { self.readEnding = .orderly }
      self.readWakeup.signal()
      parcel.source.endWasDelivered()
    case (.closing, .end):
      self.hasReceivedEnd = true
      parcel.source.endWasDelivered()
      if self.isEndDelivered { self.finish() }
    }
  }

  /// Nobody here knows the channel any more.
  private func answerForTheGone() {
    let isSilent =
      switch self.death {
      case .reset?, nil: false
      case .silent?: self.path.from.isDown
      case .muted?: true
      }
    if !isSilent { self.path.sendReset(to: self.peer, of: self.connection) }
  }
}

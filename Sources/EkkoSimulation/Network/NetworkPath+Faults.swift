internal import EkkoCore

extension NetworkPath {
  /// Less than this much later does not count as late.
  private static let noticeableDelay: Int64 = 1_000_000

  private func refreshFaults() {
    guard self.faultVersion != self.network.faults.version else { return }
    self.faultVersion = self.network.faults.version
    self.faults = PathFaults(self.network.faults.active, on: self)
  }

  // MARK: Leaving

  /// How much longer a unit flies; also how much out of its turn it comes.
  func delay(of parcel: Parcel, usualBytesPerSecond: Double) -> Int64 {
    self.refreshFaults()
    var delay: Int64 = 0
    if let squeeze = self.faults.squeeze {
      let usual = Int64(Double(parcel.byteCount) * 1e9 / usualBytesPerSecond)
      if parcel.tail - parcel.enteredLine - usual > Self.noticeableDelay {
        parcel.lateBy = squeeze
      }
    }
    guard case .bytes = parcel.content else { return 0 }
    for fault in self.faults.onLaunch where fault.strikes() {
      switch fault.kind {
      case .delayTail:
        let longer = fault.drawSpread()
        delay += longer
        if longer > max(self.jitter, Self.noticeableDelay) { parcel.lateBy = fault }
      case .reorder:
        parcel.slip = fault.drawSpread()
        parcel.slippedBy = fault
      default: break
      }
    }
    return delay
  }

  /// Counts what came late, out of its turn, or from nowhere.
  func countEffects(on parcel: Parcel, at target: ChannelSide) {
    guard target.status == .open else { return }
    if let fault = parcel.lateBy { self.network.faults.count(fault) }
    if let fault = parcel.slippedBy, parcel.sequence < target.newestArrived {
      self.network.faults.count(fault)
    }
    if let fault = parcel.invented { self.network.faults.count(fault) }
  }

  // MARK: Arriving

  /// Whether the unit does not arrive, or not now.
  func intercept(_ parcel: Parcel) -> Bool {
    self.refreshFaults()
    if let block = self.faults.block {
      if parcel.target.status != .over { self.network.faults.count(block) }
      self.hold(.parcel(parcel, by: block))
      return true
    }
    guard !self.faults.onArrival.isEmpty, parcel.invented == nil, case .bytes = parcel.content,
      parcel.target.status == .open
    else { return false }
    for fault in self.faults.onArrival where fault.strikes() {
      if self.strike(parcel, with: fault) { return true }
    }
    return false
  }

  /// Whether nothing of the unit is left.
  private func strike(_ parcel: Parcel, with fault: ActiveFault) -> Bool {
    guard case .bytes(let bytes) = parcel.content else { return false }
    switch fault.kind {
    case .drop:
      self.network.faults.count(fault)
      parcel.source.settle(bytes.count)
      return true
    case .duplicate:
      self.invent(bytes, after: parcel, with: fault)
      return false
    case .lateReplay:
      if let old = self.memory.draw(using: &fault.generator) {
        self.invent(old, after: parcel, with: fault)
      }
      return false
    case .bitCorruption:
      self.network.faults.count(fault)
      parcel.content = .bytes(Self.corrupt(bytes, using: &fault.generator))
      return false
    case .truncatedStream:
      self.network.faults.count(fault)
      let part = Array(bytes.prefix(fault.generator.below(bytes.count)))
      if !part.isEmpty {
        parcel.content = .bytes(part)
        parcel.target.receive(parcel)
      }
      parcel.connection.breakDown(keepingBytes: true)
      return true
    case .cut:
      self.network.faults.count(fault)
      parcel.connection.breakDown()
      return true
    case .halfOpen:
      if parcel.connection.severedBy == nil { parcel.connection.severedBy = fault }
      return false
    default: return false
    }
  }

  /// Whether a channel that `fault` severed swallows the unit. Once the fault has ended, whoever
  /// sends learns that nobody on the way knows the channel.
  func loses(_ parcel: Parcel, severedBy fault: ActiveFault) -> Bool {
    if fault.hasEnded {
      parcel.connection.breakDown()
    } else {
      self.network.faults.count(fault)
      fault.addUnheard(parcel.source, of: parcel.connection)
    }
    return true
  }

  /// One to three bits turned over.
  private static func corrupt(
    _ bytes: [UInt8], using generator: inout SplitMix64
  ) -> [UInt8] {
    var changed = bytes
    for _ in 0...generator.below(3) {
      changed[generator.below(bytes.count)] ^= 1 << UInt8(generator.below(8))
    }
    // Two of them may have been the same.
    if changed == bytes { changed[0] ^= 1 }
    return changed
  }

  /// Has `bytes` arrive some time after `parcel`, in the same channel.
  private func invent(_ bytes: [UInt8], after parcel: Parcel, with fault: ActiveFault) {
    let copy = Parcel(
      .bytes(bytes), of: parcel.connection, from: parcel.source, sequence: parcel.sequence,
      invented: fault)
    let simulation = self.network.simulation
    simulation.at(simulation.now + 1 + fault.drawSpread()) {
      guard copy.target.status == .open else { return }
      self.arrive(copy)
    }
  }

  // MARK: Blocks

  private func hold(_ item: Held) {
    if self.held.isEmpty { self.network.faults.startHolding(self) }
    self.held.append(item)
  }

  /// Whether a question or an answer has to wait for the end of a block.
  func holds(_ body: @escaping () -> Void) -> Bool {
    self.refreshFaults()
    guard let block = self.faults.block else { return false }
    self.network.faults.count(block)
    self.hold(.control(body))
    return true
  }

  /// Whether a reset is lost, or has to wait.
  func keepsReset(to side: ChannelSide, of connection: SimulatedConnection) -> Bool {
    self.refreshFaults()
    guard let block = self.faults.block else { return false }
    self.network.faults.count(block)
    if !block.kind.isPartition {
      self.hold(.control { connection.reset(side) })
    }
    return true
  }

  /// Lets everything go that was held, unless something still blocks. Of the channels that a
  /// partition held units of, some break: their hosts have given them up.
  func releaseIfOpen() -> Bool {
    self.refreshFaults()
    guard self.faults.block == nil else { return false }
    let items = self.held
    self.held = []
    var verdicts: [UInt64: Bool] = [:]
    for item in items {
      switch item {
      case .control(let body): body()
      case .parcel(let parcel, let fault):
        let number = parcel.connection.number
        let isBroken =
          verdicts[number]
          ?? (fault.kind.isPartition
            && fault.generator.chance(self.network.shape.breakShareAfterPartition))
        verdicts[number] = isBroken
        if isBroken {
          parcel.connection.breakDown()
        } else if parcel.source.isSending {
          self.deliver(parcel)
        }
      }
    }
    return true
  }
}

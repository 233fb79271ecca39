internal import EkkoCore
internal import EkkoTransport

extension ChannelSide {
  /// The orderly end: what was accepted is sent first.
  func close() async {
    if self.status == .open { self.startClosing() }
    guard self.status == .closing else { return }
    await withCheckedContinuation { self.closers.append($0) }
  }

  private func startClosing() {
    self.status = .closing
    self.readEnding = .failure(.closed)
    self.writeFailure = .closed
    self.dropInbox()
    self.readWakeup.signal()
    self.writeWakeup.signal()
    self.setDeadline()
    self.send(.end)
  }

  func endWasDelivered() {
    self.isEndDelivered = true
    guard self.status == .closing else { return }
    if self.hasReceivedEnd { self.finish() } else { self.setDeadline() }
  }

  /// So long each for sending the rest and for the other side's end.
  private func setDeadline() {
    let simulation = self.path.network.simulation
    if let deadline = self.deadline { simulation.cancel(deadline) }
    self.deadline = simulation.after(self.limits.closeTimeout) {
      [connection = self.connection] in connection?.abort(self)
    }
  }

  func abort() {
    guard self.status != .over else { return }
    self.end(.closed)
    self.path.sendReset(to: self.peer, of: self.connection)
  }

  /// The other side, or something on the way, broke it.
  func reset(keepingBytes: Bool) {
    guard self.status != .over else { return }
    self.end(.reset, keepingBytes: keepingBytes)
  }

  /// Its process has died.
  func die(_ style: DeathStyle) {
    guard self.status != .over else { return }
    self.death = style
    self.end(.closed)
    if style == .reset { self.path.sendReset(to: self.peer, of: self.connection) }
  }

  private func end(_ error: TransportError, keepingBytes: Bool = false) {
    // The other side's orderly end came after all its bytes; they stay good.
    if self.readEnding == nil || error == .closed {
      self.readEnding = .failure(error)
      if !keepingBytes { self.dropInbox() }
    }
    if self.writeFailure == nil { self.writeFailure = error }
    self.finish()
  }

  func finish() {
    self.status = .over
    if let deadline = self.deadline { self.path.network.simulation.cancel(deadline) }
    self.deadline = nil
    self.attachment?.remove(self)
    self.attachment = nil
    self.readWakeup.signal()
    self.writeWakeup.signal()
    let closers = self.closers
    self.closers = []
    for closer in closers { closer.resume() }
  }

  private func dropInbox() {
    self.peer.settle(self.inbox.byteCount)
    self.inbox = Inbox()
  }
}

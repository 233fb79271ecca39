/// Both sides of one channel. Owns them: handles, processes and units on their way hold this.
final class SimulatedConnection {
  let number: UInt64
  let connector: ChannelSide
  let acceptor: ChannelSide
  /// Set while the network forgets what is sent either way, without telling anyone.
  var severedBy: ActiveFault?

  init(number: UInt64, connector: ChannelSide, acceptor: ChannelSide) {
    self.number = number
    self.connector = connector
    self.acceptor = acceptor
    connector.join(self, peer: acceptor)
    acceptor.join(self, peer: connector)
  }

  /// A reset has reached `side`.
  func reset(_ side: ChannelSide) { side.reset(keepingBytes: false) }

  func abort(_ side: ChannelSide) { side.abort() }

  /// Something on the way breaks it for both sides.
  func breakDown(keepingBytes: Bool = false) {
    self.connector.reset(keepingBytes: keepingBytes)
    self.acceptor.reset(keepingBytes: keepingBytes)
  }
}

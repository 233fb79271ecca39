internal import EkkoCore

extension SimulatedNetwork {
  /// How often each kind of fault changed what happened to a unit, a channel or an attempt to open
  /// one.
  package var fired: NetworkFaultCounts { self.faults.fired }

  /// Switches a fault on until `stop` or `heal`.
  @discardableResult
  package func start(_ rule: NetworkFaultRule) -> NetworkFaultTicket {
    let fault = self.faults.start(rule)
    self.faults.changed(for: self.existingPaths)
    if rule.kind == .flapping { self.scheduleFlap(of: fault) }
    return NetworkFaultTicket(fault)
  }

  /// Switches it off; what it held goes on. One that is off already is left alone.
  package func stop(_ ticket: NetworkFaultTicket) {
    self.faults.end { $0 === ticket.fault }
    self.faults.changed(for: self.existingPaths)
  }

  /// Ends every fault. Hosts without power stay dark, and channels that broke stay broken: who only
  /// listens on one may never hear of it.
  package func heal() {
    self.faults.end { _ in true }
    self.faults.changed(for: self.existingPaths)
  }

  private func scheduleFlap(of fault: ActiveFault) {
    let half = fault.rule.spread.wholeNanoseconds / 2
    self.simulation.at(self.simulation.now + max(1, half + fault.drawSpread())) {
      guard !fault.hasEnded else { return }
      fault.isBlocking.toggle()
      self.faults.changed(for: self.existingPaths)
      self.scheduleFlap(of: fault)
    }
  }
}

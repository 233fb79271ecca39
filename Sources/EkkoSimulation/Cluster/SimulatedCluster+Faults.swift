internal import EkkoCore

/// What can be done to a cluster. Nothing of it suspends, except to stop a node in order.
extension SimulatedCluster {
  // MARK: Nodes

  /// Ends the node's process at this moment, as a power cut does. Its disk keeps what was synced.
  package func crash(_ name: String) { self.world.kill(self.node(name)) }

  /// Starts a node that crashed or was stopped, in a new life with its disk and its clock.
  package func restart(_ name: String) { self.world.start(self.node(name)) }

  /// Stops the node in order: it saves its shards and leaves.
  package func stop(_ name: String) async throws {
    let node = self.node(name)
    self.world.stop(node) {}
    try await self.wait(within: .seconds(30), "\(name) stops") { node.life?.isOver ?? true }
  }

  /// Gives the node an empty disk. It must not be running.
  package func wipeDisk(of name: String) { self.node(name).wipeDisk() }

  /// Nothing runs on the node until `resume`; then it goes on as if no time had passed.
  package func pause(_ name: String) { self.node(name).life?.process.pause() }

  package func resume(_ name: String) { self.node(name).life?.process.resume() }

  // MARK: Disks

  /// From now on each call that the fault is about meets it with probability `chance`.
  package func begin(_ fault: DiskFault, at name: String, chance: Double = 1) {
    self.node(name).disk?.arm(fault, chance: chance)
  }

  package func end(_ fault: DiskFault, at name: String) { self.node(name).disk?.disarm(fault) }

  // MARK: The network

  /// Switches a fault on, until `end` or `heal`.
  @discardableResult
  package func begin(_ rule: NetworkFaultRule) -> NetworkFaultTicket {
    self.world.network.start(rule)
  }

  package func end(_ ticket: NetworkFaultTicket) { self.world.network.stop(ticket) }

  /// Ends every fault of the network.
  package func heal() { self.world.network.heal() }

  /// Cuts hosts (nodes, clients) off from all others, both ways.
  @discardableResult
  package func partition(_ hosts: [String]) -> NetworkFaultTicket {
    let others = self.hosts.map(\.name).filter { !hosts.contains($0) }
    return self.begin(NetworkFaultRule(.symmetricPartition, on: .between(hosts, others)))
  }

  /// Cuts a data centre off, with its nodes and clients.
  @discardableResult
  package func partition(dataCentre: String) -> NetworkFaultTicket {
    self.partition(self.hosts.filter { $0.dataCentre == dataCentre }.map(\.name))
  }

  private var hosts: [(name: String, dataCentre: String)] {
    self.world.nodes.map { ($0.name, $0.plan.dataCentre) } + self.clientHosts
  }

  // MARK: What came of it

  /// How often a fault of the network or of a disk has changed what an operation of the product came
  /// to.
  package func count(of fault: NetworkFault) -> Int { self.world.network.fired[fault] }

  package func count(of fault: DiskFault) -> Int {
    self.world.nodes.reduce(0) { $0 + ($1.disk?.fired[fault] ?? 0) }
  }
}

/// What a planned network fault is on the network.
extension PlannedFault {
  /// The rules it consists of, each with the share of its time after which it begins and ends.
  func rules(
    _ kind: NetworkFault, hosts: [String], clients: [String]
  ) -> [(rule: NetworkFaultRule, from: Double, to: Double)] {
    let side = self.nodes.isEmpty ? hosts : self.nodes.map { hosts[$0] }
    // A client is on the side of the nodes that are left.
    let others = hosts.filter { !side.contains($0) } + clients
    let touching =
      self.nodes.isEmpty ? FaultyPaths.all : .between(side, hosts + clients)
    func whole(_ rule: NetworkFaultRule) -> [(rule: NetworkFaultRule, from: Double, to: Double)] {
      [(rule, 0, 1)]
    }
    switch kind {
    case .drop, .duplicate, .reorder, .lateReplay, .bitCorruption, .truncatedStream, .cut,
      .halfOpen:
      return whole(
        NetworkFaultRule(kind, on: touching, probability: 0.005 + 0.08 * self.strength))
    case .delayTail:
      return whole(
        NetworkFaultRule(
          kind, on: touching, probability: 0.1, spread: .milliseconds(1000) * self.strength))
    case .symmetricPartition:
      return whole(NetworkFaultRule(kind, on: .between(side, others)))
    case .asymmetricPartition:
      return whole(NetworkFaultRule(kind, on: .from(side, to: others)))
    case .partialPartition:
      return whole(NetworkFaultRule(kind, on: .acrossRing(hosts)))
    case .clog:
      return whole(NetworkFaultRule(kind, on: touching))
    case .swizzleClog:
      // One after the other, and open again in another order.
      return side.enumerated().map { index, host in
        let step = 0.4 / Double(side.count)
        let end = (index * 7 + 3) % side.count
        return (
          NetworkFaultRule(kind, on: .between([host], hosts + clients)), Double(index) * step,
          0.6 + Double(end) * step
        )
      }
    case .bandwidthSqueeze:
      return whole(
        NetworkFaultRule(kind, on: touching, bytesPerSecond: 4_000 + 60_000 * self.strength))
    case .flapping:
      return whole(
        NetworkFaultRule(
          kind, on: touching, spread: .milliseconds(20) + .milliseconds(300) * self.strength))
    }
  }
}

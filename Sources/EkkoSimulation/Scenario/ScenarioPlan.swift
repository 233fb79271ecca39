internal import EkkoCore

/// All that will happen in one run, as explicit lists drawn from a seed: the cluster, what its clients
/// do, what goes wrong and when. A failing run is shrunk by leaving items out.
package struct ScenarioPlan: Hashable, Sendable {
  package let seed: UInt64
  package var options: ScenarioOptions
  package var nodes: [PlannedNode]
  package var clients: [PlannedClient]
  package var operations: [PlannedOperation]
  package var faults: [PlannedFault]

  package init(seed: UInt64) {
    var generator = SplitMix64(seed: SplitMix64.mix(seed ^ 0x5ce4_a210))
    self.seed = seed
    self.options = ScenarioOptions(using: &generator)
    self.nodes = PlannedNode.cluster(self.options, using: &generator)
    self.clients = PlannedClient.draw(self.options, nodes: self.nodes, using: &generator)
    self.operations = PlannedOperation.draw(
      self.options, clients: self.clients.count, using: &generator)
    self.faults = PlannedFault.draw(self.options, nodes: self.nodes, using: &generator)
  }
}

extension PlannedNode {
  /// One to three training nodes and two or three inference data centres; at least five nodes.
  static func cluster(
    _ options: ScenarioOptions, using generator: inout SplitMix64
  ) -> [PlannedNode] {
    let training = (0..<options.trainingNodes).map { "t\($0)" }
    var nodes = training.enumerated().map { index, name in
      PlannedNode(
        name: name, dataCentre: "t", isTraining: true, join: index == 0 ? [] : ["t0"],
        keepsFiles: true)
    }
    for (letter, count) in zip("abcd", options.inferenceNodes) {
      let dataCentre = String(letter)
      for index in 0..<count {
        let near = training[generator.below(training.count)]
        let joins =
          options.relays && index > 0
          ? ["\(dataCentre)0"] + (generator.chance(0.3) ? [near] : [])
          : training.filter { $0 == near || generator.chance(0.3) }
        nodes.append(
          PlannedNode(
            name: "\(dataCentre)\(index)", dataCentre: dataCentre, isTraining: false,
            join: joins, keepsFiles: generator.chance(0.6)))
      }
    }
    return nodes
  }
}

extension PlannedClient {
  /// The first writes next to the primaries, the others anywhere.
  static func draw(
    _ options: ScenarioOptions, nodes: [PlannedNode], using generator: inout SplitMix64
  ) -> [PlannedClient] {
    (0..<options.clients).map { index in
      let near = index == 0 ? nodes[0] : nodes[generator.below(nodes.count)]
      let local = nodes.filter { $0.dataCentre == near.dataCentre }.map(\.name)
      let others = nodes.filter { $0.isTraining && !local.contains($0.name) }.map(\.name)
      return PlannedClient(
        name: "client\(index)", dataCentre: near.dataCentre, endpoints: local + others)
    }
  }
}

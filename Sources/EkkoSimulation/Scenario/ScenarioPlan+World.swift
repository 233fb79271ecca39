internal import EkkoNode
internal import EkkoTransport

extension ScenarioPlan {
  /// The world that the plan is carried out in.
  var world: WorldDescription {
    var world = WorldDescription(seed: self.seed, nodes: self.nodes)
    world.order = self.options.order
    world.networkShape = self.options.networkShape
    world.secret =
      self.options.hasSecret ? SharedSecret(bytes: Array("of this world".utf8)) : nil
    world.distinctTables = ScenarioTable.distinct
    let methods = self.options.methods
    let retirementInterval = self.options.retirementInterval
    world.configure = {
      $0.methods = methods
      $0.retirementInterval = retirementInterval
    }
    return world
  }
}

internal import EkkoNode
internal import EkkoTransport

/// What a simulated world is made of, before anything happens in it.
struct WorldDescription: Sendable {
  let seed: UInt64
  var order = Simulation.Order.random
  let nodes: [PlannedNode]
  var networkShape = NetworkShape()
  var secret: SharedSecret?
  /// The tables of its models, by their places, of which every write puts other weights: there a write
  /// that is applied twice shows itself (E1).
  var distinctTables: Set<UInt16> = []
  /// Has the last word on what each node is.
  var configure: @Sendable (inout NodeConfiguration) -> Void = { _ in }

  init(seed: UInt64, nodes: [PlannedNode]) {
    self.seed = seed
    self.nodes = nodes
  }
}

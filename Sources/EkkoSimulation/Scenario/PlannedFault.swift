internal import EkkoCore

/// Something that goes wrong at a moment, to some nodes, for a while.
package struct PlannedFault: Hashable, Sendable {
  package let kind: FaultKind
  /// After the beginning of the safety phase.
  package let at: Duration
  package let lasting: Duration
  /// Whom it befalls, by their places in the plan. Of a network fault: one side, or the links that
  /// touch one of them; empty for all.
  package let nodes: [Int]
  /// How strong it is, 0…1; what that means depends on the kind.
  package let strength: Double

  /// Whether it is strong enough to be seen: a clock may be told to be off by nothing.
  var isNoticeable: Bool {
    switch self.kind {
    case .clock(.offset), .clock(.drift): abs(self.strength - 0.5) > 0.02
    default: true
    }
  }

  static func draw(
    _ options: ScenarioOptions, nodes: [PlannedNode], using generator: inout SplitMix64
  ) -> [PlannedFault] {
    // More than one clock far ahead at a time is beyond what is promised: two that agree are believed.
    let hasty = Self.targets(of: .clock(.stepForward), among: nodes, using: &generator)
    return (0..<options.faults).map { _ in
      let kind = options.faultKinds[generator.below(options.faultKinds.count)]
      return PlannedFault(
        kind: kind, at: options.span * (0.05 + 0.85 * generator.nextUnit()),
        lasting: generator.duration(in: .milliseconds(100)...(.milliseconds(1200))),
        nodes: kind == .clock(.stepForward)
          ? hasty : Self.targets(of: kind, among: nodes, using: &generator),
        strength: generator.nextUnit())
    }.sorted { ($0.at, $0.kind.name) < ($1.at, $1.kind.name) }
  }

  private static func targets(
    of kind: FaultKind, among nodes: [PlannedNode], using generator: inout SplitMix64
  ) -> [Int] {
    switch kind {
    case .network:
      // A side, which may be a whole data centre.
      if generator.chance(0.25) {
        let dataCentre = nodes[generator.below(nodes.count)].dataCentre
        return nodes.indices.filter { nodes[$0].dataCentre == dataCentre }
      }
      if generator.chance(0.2) { return [] }
      let count = 1 + generator.below(max(1, nodes.count / 2))
      var left = Array(nodes.indices)
      return (0..<count).map { _ in left.remove(at: generator.below(left.count)) }.sorted()
    case .disk(.diskFull), .disk(.writeError), .disk(.syncError), .disk(.slowDisk):
      return [Self.choose(nodes, using: &generator) { nodes[$0].keepsFiles }]
    case .disk:
      // Nothing that it has saved is lost to the founder: it alone writes the catalogue.
      return [Self.choose(nodes, using: &generator) { nodes[$0].keepsFiles && $0 > 0 }]
    case .process(.crash), .process(.pause), .process(.slow), .process(.restart):
      return [generator.below(nodes.count)]
    case .process(.clonedState):
      return [Self.choose(nodes, using: &generator) { nodes[$0].keepsFiles }]
    case .process(.olderCopy):
      return [Self.choose(nodes, using: &generator) { nodes[$0].keepsFiles && $0 > 0 }]
    case .process(.stateLoss):
      // Without its founder's catalogue there is no cluster to come back to.
      return [Self.choose(nodes, using: &generator) { $0 > 0 }]
    case .clock:
      // Wrong clocks matter most where versions are issued.
      return [
        generator.chance(0.6)
          ? Self.choose(nodes, using: &generator) { nodes[$0].isTraining }
          : generator.below(nodes.count)
      ]
    }
  }

  private static func choose(
    _ nodes: [PlannedNode], using generator: inout SplitMix64, where isFit: (Int) -> Bool
  ) -> Int {
    let fit = nodes.indices.filter(isFit)
    // Where none is fit the fault finds nothing to break.
    return fit.isEmpty ? nodes.count - 1 : fit[generator.below(fit.count)]
  }
}

extension PlannedFault: CustomStringConvertible {
  package var description: String {
    "\(self.kind.name) at=\(self.at) lasting=\(self.lasting) nodes=\(self.nodes) "
      + "strength=\(Int(self.strength * 100))%"
  }
}

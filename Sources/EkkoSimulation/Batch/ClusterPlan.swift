internal import EkkoReplication

/// The plan of a cluster's run, with some of it left out.
package struct ClusterPlan: ShrinkablePlan {
  private let whole: ScenarioPlan
  private let omission: PlanOmission

  init(whole: ScenarioPlan, without omission: PlanOmission = PlanOmission()) {
    self.whole = whole
    self.omission = omission
  }

  /// All but the node that founds the cluster can be left out.
  package func places(of part: PlanPart) -> [Int] {
    switch part {
    case .faults: Array(self.whole.faults.indices)
    case .operations: Array(self.whole.operations.indices)
    case .nodes: Array(self.whole.nodes.indices.dropFirst())
    }
  }

  package func without(_ omission: PlanOmission) -> ClusterPlan {
    var both = self.omission
    for part in PlanPart.allCases { both[part] += omission[part] }
    return ClusterPlan(whole: self.whole, without: both)
  }

  /// Every item under its place in the whole plan, as `--without` names it.
  package var lines: [String] {
    ["seed=\(self.whole.seed) \(self.whole.options)"]
      + self.kept(.nodes, of: self.whole.nodes).map { "node \($0): \($1.line)" }
      + self.whole.clients.map(\.line)
      + self.kept(.faults, of: self.whole.faults).map { "fault \($0): \($1)" }
      + self.kept(.operations, of: self.whole.operations).map { "operation \($0): \($1.line)" }
  }

  private func kept<Item>(_ part: PlanPart, of items: [Item]) -> [(place: Int, item: Item)] {
    let omitted = Set(self.omission[part])
    return items.enumerated().filter { !omitted.contains($0.offset) }
      .map { (place: $0.offset, item: $0.element) }
  }

  // MARK: What is left

  /// What is to be run. Where a node is gone, whoever would have asked it asks the founder.
  var reduced: ScenarioPlan {
    guard !self.omission.isEmpty else { return self.whole }
    var plan = self.whole
    let founder = self.whole.nodes[0].name
    let nodes = self.kept(.nodes, of: self.whole.nodes)
    let names = Set(nodes.map(\.item.name))
    plan.nodes = nodes.map { $0.item.asking(names, else: founder) }
    plan.clients = self.whole.clients.map { $0.asking(names, else: founder) }
    plan.operations = self.kept(.operations, of: self.whole.operations).map(\.item)
    let places = Dictionary(
      uniqueKeysWithValues: nodes.enumerated().map { ($0.element.place, $0.offset) })
    plan.faults = self.kept(.faults, of: self.whole.faults).compactMap { fault in
      fault.item.moved(to: places)
    }
    // Nor is anything made up for.
    plan.options.leastFaults = 0
    plan.options.leastWrites = 0
    return plan
  }
}

extension PlannedNode {
  fileprivate func asking(_ names: Set<String>, else founder: String) -> PlannedNode {
    let left = self.join.filter(names.contains)
    return PlannedNode(
      name: self.name, dataCentre: self.dataCentre, isTraining: self.isTraining,
      join: left.isEmpty && !self.join.isEmpty ? [founder] : left, keepsFiles: self.keepsFiles)
  }

  fileprivate var line: String {
    "\(self.name) in \(self.dataCentre) \(self.isTraining ? "training" : "inference") "
      + "join=\(self.join.joined(separator: ",")) files=\(self.keepsFiles)"
  }
}

extension PlannedClient {
  fileprivate func asking(_ names: Set<String>, else founder: String) -> PlannedClient {
    let left = self.endpoints.filter(names.contains)
    return PlannedClient(
      name: self.name, dataCentre: self.dataCentre, endpoints: left.isEmpty ? [founder] : left)
  }

  fileprivate var line: String {
    "\(self.name) in \(self.dataCentre) endpoints=\(self.endpoints.joined(separator: ","))"
  }
}

extension PlannedFault {
  /// The same fault where nodes have other places; `nil` if all it was to befall are gone.
  fileprivate func moved(to places: [Int: Int]) -> PlannedFault? {
    let left = self.nodes.compactMap { places[$0] }
    // No node at all means every node, which it did not before.
    guard !left.isEmpty || self.nodes.isEmpty else { return nil }
    return PlannedFault(
      kind: self.kind, at: self.at, lasting: self.lasting, nodes: left, strength: self.strength)
  }
}

extension PlannedOperation {
  fileprivate var line: String {
    "\(self.kind) \(self.number) at=\(self.at) client=\(self.client) table=\(self.table.name) "
      + "keys=\(self.keys.map(String.init).joined(separator: ","))"
      + (self.durability == .primary ? "" : " durability=\(self.durability)")
  }
}

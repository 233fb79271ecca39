/// One direction between two hosts.
package struct HostPair: Hashable, Sendable {
  package let from: String
  package let to: String

  package init(from: String, to: String) {
    self.from = from
    self.to = to
  }
}

/// The ways between hosts that a fault is on. No fault is on the way from a host to itself.
package enum FaultyPaths: Hashable, Sendable {
  case all
  case some(Set<HostPair>)

  /// From each of `sources` to each of `targets`, one way.
  package static func from(_ sources: [String], to targets: [String]) -> FaultyPaths {
    var pairs: Set<HostPair> = []
    for source in sources {
      for target in targets where target != source {
        pairs.insert(HostPair(from: source, to: target))
      }
    }
    return .some(pairs)
  }

  /// Between each of `group` and each of `others`, both ways.
  package static func between(_ group: [String], _ others: [String]) -> FaultyPaths {
    .from(group, to: others).union(.from(others, to: group))
  }

  /// Between hosts of `ring` that are not neighbours on it; of three hosts, the first and the last.
  package static func acrossRing(_ ring: [String]) -> FaultyPaths {
    guard ring.count > 3 else {
      return .between(Array(ring.prefix(1)), Array(ring.dropFirst().suffix(1)))
    }
    var pairs: Set<HostPair> = []
    for first in ring.indices {
      for second in ring.indices {
        let distance = (second - first + ring.count) % ring.count
        guard distance > 1, distance < ring.count - 1 else { continue }
        pairs.insert(HostPair(from: ring[first], to: ring[second]))
      }
    }
    return .some(pairs)
  }

  private func union(_ other: FaultyPaths) -> FaultyPaths {
    guard case .some(let left) = self, case .some(let right) = other else { return .all }
    return .some(left.union(right))
  }

  func contains(_ path: NetworkPath) -> Bool {
    guard !path.isLoopback else { return false }
    switch self {
    case .all: return true
    case .some(let pairs): return pairs.contains(HostPair(from: path.from.name, to: path.to.name))
    }
  }
}

internal import EkkoCore

/// Work for several shards, put together by the core loop they live on: one of them is entered for all of
/// its group, and from there the others are by calls and no more.
extension Array {
  /// So many at most are one group: a loop has other work between two.
  private static var groupLimit: Int { 32 }

  /// The elements in groups whose actors share an executor, in the order of the first of each group and,
  /// within one, in their own. Where each actor has an executor of its own, as in a simulation, each is a
  /// group.
  func groupedByLoop(_ actor: (Element) -> ShardActor) -> [[Element]] {
    var groups: [[Element]] = []
    // The last group of each executor: there are as many as core loops.
    var last: [Int] = []
    for element in self {
      let executor = actor(element).executor
      let known = last.firstIndex { actor(groups[$0][0]).executor.isSame(as: executor) }
      if let known, groups[last[known]].count < Self.groupLimit {
        groups[last[known]].append(element)
      } else {
        if let known { last[known] = groups.count } else { last.append(groups.count) }
        groups.append([element])
      }
    }
    return groups
  }
}

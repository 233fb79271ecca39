internal import EkkoCore

/// Work for several shards, put together by the core loop they live on: one of them is entered for all of
/// its group, and from there the others are by calls and no more.
extension Array {
  /// The elements in groups whose actors share an executor, in the order of the first of each group and,
  /// within one, in their own. Where each actor has an executor of its own, as in a simulation, each is a
  /// group.
  ///
  /// - Parameters:
  ///   - limit: what the work of a group may weigh, of several elements: reads wait for its end.
  ///   - weight: of an element's work.
  func groupedByLoop(
    _ actor: (Element) -> ShardActor, limit: Int, weight: (Element) -> Int = { _ in 1 }
  ) -> [[Element]] {
    var groups: [[Element]] = []
    // The last group of each executor, and its weight: there are as many as core loops.
    var last: [(place: Int, weight: Int)] = []
    for element in self {
      let (executor, weight) = (actor(element).executor, weight(element))
      let known = last.firstIndex { actor(groups[$0.place][0]).executor.isSame(as: executor) }
      if let known, last[known].weight + weight <= limit {
        groups[last[known].place].append(element)
        last[known].weight += weight
      } else {
        if let known {
          last[known] = (groups.count, weight)
        } else {
          last.append((groups.count, weight))
        }
        groups.append([element])
      }
    }
    return groups
  }
}

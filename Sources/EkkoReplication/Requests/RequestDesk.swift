package import EkkoCore

/// Where reads and writes of one node are carried out: an actor on the core loop of its shards, so
/// that a batch crosses from the caller's thread once and from shard to shard for nothing.
package actor RequestDesk {
  private let node: ReplicaNode
  private let executor: ActorExecutor

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe self.executor.unowned }

  package init(node: ReplicaNode) {
    self.node = node
    self.executor = node.runtime.executor(for: Home(index: 0))
  }

  package func read(
    _ request: ReadRequest, until deadline: MonotonicTime
  ) async throws(RequestFailure) -> ReadReply {
    try await self.node.read(request, until: deadline)
  }

  package func write(
    _ request: WriteRequest, until deadline: MonotonicTime
  ) async throws(RequestFailure) -> WriteReply {
    try await self.node.write(request, until: deadline)
  }
}

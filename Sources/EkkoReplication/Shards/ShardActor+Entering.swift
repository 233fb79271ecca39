package import EkkoCore
package import EkkoStorage

/// Steps of a shard as calls from another actor on the same executor: whoever calls them has made sure
/// of that. `assumeIsolated` does as much, but makes boxes for each call, and a batch has 128.
extension ShardActor {
  package typealias EnteringWrite =
    @Sendable (ShardActor, ShardWrite, RequestID, _ isSentAgain: Bool, ModelEpoch, Instant) ->
    WriteReply

  package static let enteringWrite: EnteringWrite = {
    let step:
      @Sendable (isolated ShardActor, ShardWrite, RequestID, Bool, ModelEpoch, Instant) ->
        WriteReply = { $0.write($1, request: $2, isSentAgain: $3, epoch: $4, at: $5) }
    // SAFETY: a function's type says where it may be called, which changes nothing of how.
    return unsafe unsafeBitCast(step, to: EnteringWrite.self)
  }()

  package typealias EnteringRead =
    @Sendable (ShardActor, ShardRead, MissingRows, Instant, inout [ShardRows]) -> VersionVector

  package static let enteringRead: EnteringRead = {
    let step:
      @Sendable (isolated ShardActor, ShardRead, MissingRows, Instant, inout [ShardRows]) ->
        VersionVector = { $0.read($1, missing: $2, at: $3, into: &$4) }
    // SAFETY: as above.
    return unsafe unsafeBitCast(step, to: EnteringRead.self)
  }()
}

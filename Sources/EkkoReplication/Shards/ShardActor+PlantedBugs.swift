#if PlantedBugs
  package import EkkoCore
  package import EkkoStorage

  extension ShardActor {
    /// A write that lets others in between, if such a mistake is planted.
    package func writeWrongly(
      _ write: ShardWrite, request: RequestID?, isSentAgain: Bool, epoch: ModelEpoch,
      at now: Instant
    ) async -> WriteReply {
      switch PlantedBug.active {
      case .writesCompleteOutOfOrder where epoch == self.shard.epoch:
        let drawn = self.shard.drawTimes(for: write, at: now)
        await Task.yield()
        let outcome = self.publishing { $0.write(write, request: request, at: now, drawn: drawn) }
        return .outcome(outcome, origin: self.incarnation)
      case .shardVersionBeforeUpdate:
        self.publishing { $0.announceWrite() }
        await Task.yield()
      default: break
      }
      return self.write(
        write, request: request, isSentAgain: isSentAgain, epoch: epoch, at: now)
    }
  }
#endif

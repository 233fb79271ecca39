internal import EkkoCore
internal import EkkoStorage

/// Of the catalogue's own shard: reading it whole, and changing it by what it holds (DESIGN §4).
extension ShardActor {
  /// The catalogue of this moment, and what this replica knows of it.
  func catalogueAndKnowledge() -> (Catalogue, VersionVector) {
    (self.catalogue(), self.shard.knowledge)
  }

  func catalogue() -> Catalogue {
    Catalogue(
      rows: Dictionary(
        uniqueKeysWithValues: Catalogue.Table.allCases.map { ($0, self.contents(of: $0.id)) }))
  }

  /// Writes what `decide` wants on seeing the catalogue, in one step: of two that create a model, the
  /// second sees the first's. Stamped with `now`, which a write ticket of the board gave.
  ///
  /// Throws what `decide` does, and `.busy` if nothing can be written now.
  func changeCatalogue<Answer: Sendable>(
    at now: Instant,
    _ decide:
      @Sendable (Catalogue) throws(RequestFailure) -> (
        answer: Answer, writes: [RowWrites]
      )
  ) throws(RequestFailure) -> Answer {
    let (answer, writes) = try decide(self.catalogue())
    guard !writes.isEmpty else { return answer }
    guard
      case .outcome(.applied, _) = self.write(writes, request: nil, epoch: .first, at: now)
    else { throw .busy(retryAfter: .milliseconds(100)) }
    return answer
  }
}

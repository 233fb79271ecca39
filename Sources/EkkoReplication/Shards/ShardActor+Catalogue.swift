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
  func changeCatalogue<Answer: Sendable, Failure: Error>(
    at now: Instant,
    _ decide: @Sendable (Catalogue) throws(Failure) -> (answer: Answer, writes: [ShardWrite])
  ) throws(Failure) -> Answer {
    let (answer, writes) = try decide(self.catalogue())
    if !writes.isEmpty { _ = self.write(writes, request: nil, epoch: .first, at: now) }
    return answer
  }
}

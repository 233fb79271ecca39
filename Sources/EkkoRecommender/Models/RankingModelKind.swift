/// The models a user can choose by name.
package enum RankingModelKind: String, CaseIterable, Hashable, Sendable {
  case wideAndDeep = "wide-and-deep"
  case factorisationMachine = "fm"

  /// A model of this kind for examples of `layout`; the seed decides initial values only.
  package func model(layout: ExampleLayout, seed: UInt64) -> any RankingModel {
    switch self {
    case .wideAndDeep: WideAndDeep(layout: layout, seed: seed)
    case .factorisationMachine: FactorisationMachine(layout: layout, seed: seed)
    }
  }
}

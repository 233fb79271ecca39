import EkkoCore
import EkkoReplication
import Testing

struct CatalogueTests {
  @Test func `of models that share a name the first is meant, whatever their order`() {
    let models = (1...20).map { number in
      ModelRecord(
        id: ModelID(rawValue: number), name: "m", application: "", shardCount: number,
        tables: TestCluster.schemas, trainingNodes: [NodeID(name: "a")])
    }
    let rows = models.map { (key: UInt64($0.id.rawValue), value: $0.encode()) }

    let catalogue = Catalogue(rows: [.models: rows.reversed()])

    #expect(catalogue.model(named: "m") == models[0])
    #expect(catalogue.modelsByName == models)
    #expect(catalogue.model(named: "n") == nil)
  }
}

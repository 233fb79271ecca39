/// Creates a model, trains one row of it at the training node, and reads the row at a replica.
///
///     ekko-node --role training &
///     ekko-node --role inference --join 127.0.0.1:7400 --listen 127.0.0.1:7401 &
///     swift run QuickStart
///
/// Both addresses may be given: `swift run QuickStart TRAINING REPLICA`.
import EkkoClient
import Foundation

@main
enum QuickStart {
  static func main() async {
    do { try await run() } catch {
      print("QuickStart: \(error). Start the two nodes first.")
      exit(1)
    }
  }

  static func run() async throws {
    let addresses = Array(CommandLine.arguments.dropFirst())
    let training = addresses.first ?? "127.0.0.1:7400"
    let replica = addresses.dropFirst().first ?? "127.0.0.1:7401"

    // A trainer writes to the primaries; it may connect to any node.
    let trainer = try await EkkoClient.connect(to: [training])
    try await trainer.createModel(
      "quick-start",
      tables: [
        TableSchema(name: "item", rowLength: 4, optimiser: .sgd(learningRate: 0.1))
      ])
    let receipt = try await trainer.push(
      [42], [1, 2, 3, 4], to: "item", of: "quick-start", durability: .dataCentres(1))
    print("pushed:", receipt.versions[0][0]?.timestamp.microseconds ?? 0)

    // A server reads from the replica beside it.
    let server = try await EkkoClient.connect(to: [replica])
    let rows = try await server.get([42, 43], from: "item", of: "quick-start")
    print("item 42:", Array(rows[0]), "created", rows.created[0])
    print("item 43 is", rows.isFound(at: 1) ? "known" : "not known yet")

    // Whoever caches rows can follow what changes.
    let changes = try await server.changes(of: "item", in: "quick-start")
    try await trainer.push([43], [1, 1, 1, 1], to: "item", of: "quick-start")
    for await batch in changes {
      print("changed:", batch.changes.map(\.key))
      break
    }

    await server.close()
    await trainer.close()
  }
}

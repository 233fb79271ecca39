/// Breaks a cluster in virtual time, and shows that it comes together with nothing lost.
///
///     swift run FaultInjection
///
/// Another order of events: `swift run FaultInjection SEED`. Everything happens in one thread, on the
/// product's own nodes and clients; after every step what it changed is checked (C3 and L3 on samples), and
/// an invariant that does not hold ends the run with its name and the seed.
import EkkoClient
import EkkoSimulation
import Foundation

@main
enum FaultInjection {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    guard words.count <= 1, let seed = UInt64(words.first ?? "1") else {
      let line =
        "FaultInjection: a seed is one whole number from 0 to \(UInt64.max). Give one, or none for 1."
      FileHandle.standardError.write(Data((line + "\n").utf8))
      exit(64)
    }
    // Three data centres: one that trains, two that serve.
    let cluster = SimulatedCluster(
      seed: seed,
      nodes: [
        .training("t0", in: "t"),
        .inference("a0", in: "a", join: ["t0"]), .inference("a1", in: "a", join: ["t0"]),
        .inference("b0", in: "b", join: ["t0"]), .inference("b1", in: "b", join: ["t0"]),
      ])
    do {
      try cluster.run { try await breakAndHeal($0) }
    } catch {
      print("FaultInjection: \(error)")
      exit(1)
    }
  }

  static let before: [UInt64] = Array(0..<100)
  static let during: [UInt64] = Array(100..<200)

  static func breakAndHeal(_ cluster: SimulatedCluster) async throws {
    let trainer = try await cluster.client(in: "t")
    let servers = [try await cluster.client(in: "a"), try await cluster.client(in: "b")]
    try await trainer.createModel(
      "ranking", tables: [TableSchema(name: "item", rowLength: 2)])
    try await write(before, with: trainer, durability: .dataCentres(2))
    print("\(cluster.now): \(before.count) rows are in all data centres")

    let cut = cluster.partition(dataCentre: "a")
    // `b` confirms: who waits for two other data centres would wait in vain.
    try await write(during, with: trainer, durability: .dataCentres(1))
    print("\(cluster.now): a is cut off, and serves \(try await rows(servers[0])) rows,")
    print("\(cluster.now): b serves \(try await rows(servers[1]))")

    // As by a power cut, before the trainer has saved what it wrote last.
    cluster.crash("b1")
    cluster.crash("t0")
    print(
      "\(cluster.now): a replica and the trainer are gone, b serves \(try await rows(servers[1]))")
    cluster.end(cut)
    try await cluster.sleep(for: .seconds(1))
    cluster.restart("t0")
    cluster.restart("b1")

    try await cluster.converge(within: .seconds(30))
    print("\(cluster.now): all nodes are equal")
    for server in servers + [trainer] {
      let found = try await rows(server)
      guard found == before.count + during.count else { throw Lost(found: found) }
    }
    print("\(cluster.now): nothing is lost")
  }

  struct Lost: Error { let found: Int }

  static func write(
    _ keys: [UInt64], with client: EkkoClient, durability: Durability
  ) async throws {
    try await client.put(
      keys, keys.flatMap(values(of:)), to: "item", of: "ranking", durability: durability)
  }

  static func values(of key: UInt64) -> [Float] { [Float(key), -Float(key)] }

  /// How many rows the client's nearest node has as they were written.
  static func rows(_ client: EkkoClient) async throws -> Int {
    let keys = before + during
    let rows = try await client.get(keys, from: "item", of: "ranking")
    return keys.indices.filter { rows.isFound(at: $0) && Array(rows[$0]) == values(of: keys[$0]) }
      .count
  }
}

import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

/// What switching a means of synchronisation off changes, and that it changes no row.
@Suite(.timeLimit(.minutes(5))) struct SynchronisationMethodsTests {
  private struct Outcome {
    var cacheHits: UInt64 = 0
    var scans: UInt64 = 0
    var skipped: UInt64 = 0
    var receivedBytes = 0
    var areEqual = false
  }

  /// A leaf pulls from a primary and from its relay: two rounds of writes.
  private static func run(_ methods: SynchronisationMethods) async throws -> Outcome {
    try await TestCluster.with { cluster in
      let primary = try await cluster.start(
        "p", roles: .training, dataCentre: "dc1", methods: methods)
      let relay = try await cluster.start(
        "r", roles: .inference, dataCentre: "dc2", from: [primary.endpoint], methods: methods)
      let leaf = try await cluster.start(
        "l", roles: .inference, dataCentre: "dc2", from: [primary.endpoint, relay.endpoint],
        methods: methods)
      var outcome = Outcome()
      for round in 0..<2 {
        let keys = UInt64(round * 100)..<UInt64(round * 100 + 60)
        let versions = await primary.put(keys, value: Float(round), shards: cluster.shards)
        #expect(await relay.covers(versions))
        #expect(await leaf.covers(versions))
      }
      outcome.areEqual = await relay.digests() == leaf.digests()
      for shard in primary.node.shards.all {
        let propagation = await shard.summary(withDigest: false).propagation
        outcome.cacheHits += propagation.hits
        outcome.scans += propagation.misses
      }
      for peer in await leaf.replica.peers {
        let tally = await peer.tally()
        outcome.skipped += tally.skipped
        outcome.receivedBytes += tally.receivedBytes
      }
      for node in [leaf, relay, primary] { await node.stop() }
      return outcome
    }
  }

  @Test func `as usual the cache answers`() async throws {
    let outcome = try await Self.run(SynchronisationMethods())

    #expect(outcome.areEqual && outcome.cacheHits > 0)
  }

  @Test func `without the update cache every answer is a scan`() async throws {
    var methods = SynchronisationMethods()
    methods.usesUpdateCache = false

    let outcome = try await Self.run(methods)

    #expect(outcome.areEqual)
    #expect(outcome.cacheHits == 0 && outcome.scans > 0)
  }

  @Test func `without shard versions nothing that is announced is skipped`() async throws {
    var methods = SynchronisationMethods()
    methods.usesShardVersions = false

    let outcome = try await Self.run(methods)

    #expect(outcome.areEqual && outcome.skipped == 0)
  }

  @Test func `answers can go row by row`() async throws {
    let usual = try await Self.run(SynchronisationMethods())
    var methods = SynchronisationMethods()
    methods.answerByteLimit = 1

    let outcome = try await Self.run(methods)

    #expect(outcome.areEqual)
    // 480 rows, each with a header of its own and in a frame of its own.
    #expect(outcome.receivedBytes > usual.receivedBytes + 480 * 16)
  }

  @Test func `an answer that is not cut at all still fits the largest frames`() async throws {
    var methods = SynchronisationMethods()
    methods.answerByteLimit = .max

    #expect(try await Self.run(methods).areEqual)
  }
}

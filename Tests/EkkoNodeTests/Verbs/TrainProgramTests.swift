import EkkoClient
import EkkoRecommender
import EkkoTransport
import Testing

@testable import EkkoNode

@Suite(.serialized, .timeLimit(.minutes(5))) struct TrainProgramTests {
  private static func ensureModel(
    _ name: String, for format: ClickLogFormat, _ client: EkkoClient
  ) async throws(EkkoError) {
    let options = TrainOptions(
      cluster: ClusterAccess(join: []), model: name, dataFile: "f", format: format, follow: false,
      json: false)
    try await TrainProgram(options: options).ensureModel(Self.model(format), client)
  }

  private static func model(_ format: ClickLogFormat) -> WideAndDeep {
    WideAndDeep(layout: format.layout, seed: 1)
  }

  private static func refusal(of known: ClickLogFormat, _ asked: ClickLogFormat) -> EkkoError {
    .invalid(
      "model 'm' has been made for a \(known.rawValue) log and cannot learn from a "
        + "\(asked.rawValue) log")
  }

  private static let pairs: [(ClickLogFormat, ClickLogFormat)] = [
    (.criteo, .movietweetings), (.movietweetings, .criteo),
  ]

  @Test(arguments: pairs)
  func `a model that training has made for one log does not learn from another`(
    first: ClickLogFormat, second: ClickLogFormat
  ) async throws {
    try await TestNodes.with { nodes in
      let client = await nodes.client(try await nodes.start("a"))

      try await Self.ensureModel("m", for: first, client)

      try await Self.ensureModel("m", for: first, client)
      await #expect(throws: Self.refusal(of: first, second)) {
        try await Self.ensureModel("m", for: second, client)
      }
    }
  }

  @Test(arguments: pairs)
  func `a model made for no log in particular stays with the first it has learned from`(
    first: ClickLogFormat, second: ClickLogFormat
  ) async throws {
    try await TestNodes.with { nodes in
      let client = await nodes.client(try await nodes.start("a"))
      try await client.createModel("m", tables: DefaultModel.draft.tables)
      for format in [first, second] { try await Self.ensureModel("m", for: format, client) }

      // As a step of training does.
      let blocks = (0..<Self.model(first).blockCount).map(UInt64.init)
      let length = WideAndDeep.denseBlockLength
      try await client.push(
        blocks, [Float](repeating: 0.1, count: blocks.count * length),
        to: WideAndDeep.denseTableName, of: "m")

      try await Self.ensureModel("m", for: first, client)
      await #expect(throws: Self.refusal(of: first, second)) {
        try await Self.ensureModel("m", for: second, client)
      }
    }
  }
}

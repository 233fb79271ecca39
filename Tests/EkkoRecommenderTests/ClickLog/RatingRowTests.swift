import EkkoCore
import EkkoRecommender
import Testing

@Suite struct RatingRowTests {
  private static func read(_ text: String) async throws -> (
    ExampleBatch, ClickLogReader<MemoryByteSource>
  ) {
    var reader = ClickLogReader(
      format: .movietweetings, source: MemoryByteSource(Array(text.utf8), chunkByteCount: 5))
    let batch = try await reader.nextBatch(limit: 1000)
    return (batch ?? ExampleBatch(layout: RatingFeatures.layout), reader)
  }

  @Test func `a rating of seven or more is a good one`() async throws {
    let (batch, _) = try await Self.read("1::0042::6::10\n1::0043::7::11\n2::0042::10::12")

    #expect(batch.labels == [0, 1, 1])
    #expect(batch.seconds == [10, 11, 12])
    #expect(batch[0].features[0] == XXH64.hash(utf8Of: "user=1"))
    #expect(batch[0].features[1] == XXH64.hash(utf8Of: "item=0042"))
  }

  @Test func `a row is described by what came before it`() async throws {
    let (batch, _) = try await Self.read("1::5::8::10\n1::6::2::11\n1::7::2::12\n")

    let previous = (0..<3).map { batch[$0].features[2] }
    let counts = (0..<3).map { batch[$0].features[3] }
    #expect(
      previous
        == ["previous=", "previous=5", "previous=6"].map { XXH64.hash(utf8Of: $0) })
    #expect(
      counts == ["user_count=0", "user_count=1", "user_count=2"].map { XXH64.hash(utf8Of: $0) })
  }

  @Test func `rows of other shapes are skipped`() async throws {
    let (batch, reader) = try await Self.read(
      "1::2::3::4\n1::2::3\n1::2::3::4::5\n::2::3::4\n1::2::11::4\n1::2::x::4\n1::2::3::-4\n1:2::3::4\n"
    )

    #expect(batch.count == 1)
    #expect(reader.skipped.byFieldCount.mapValues(\.count) == [3: 2, 5: 1])
    #expect(reader.skipped.malformed?.count == 4)
  }

  @Test func `a candidate is described like a rating`() async throws {
    let (batch, _) = try await Self.read("8::0005::8::10\n")

    let candidate = RatingFeatures().example(user: "8", item: "0005")

    #expect(candidate.features == batch[0].features)
    #expect(candidate.numbers == batch[0].numbers)
  }
}

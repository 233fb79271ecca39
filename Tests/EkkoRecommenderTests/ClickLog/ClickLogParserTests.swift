import EkkoCore
import EkkoRecommender
import Testing

/// The parser against a reader that splits strings.
@Suite struct ClickLogParserTests {
  private static let layout = ClickLogFormat.criteo.layout

  private static func line(
    label: String = "0", integers: [String] = [], categories: [String] = []
  ) -> String {
    let first = integers + Array(repeating: "", count: 13 - integers.count)
    let second = categories + Array(repeating: "", count: 26 - categories.count)
    return ([label] + first + second).joined(separator: "\t")
  }

  /// A line of random fields, most of them present.
  private static func randomLine(using generator: inout SplitMix64) -> String {
    let integers = (0..<13).map { _ in
      generator.next() % 4 == 0 ? "" : "\(Int(generator.next() % 5000) - 3)"
    }
    let categories = (0..<26).map { _ in
      generator.next() % 5 == 0 ? "" : String(generator.next() % 0xFFFF_FFFF, radix: 16)
    }
    return Self.line(
      label: generator.next() & 1 == 0 ? "0" : "1", integers: integers, categories: categories)
  }

  /// The keys of a line, by definition.
  private static func keys(of line: String) -> [UInt64] {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false).dropFirst()
    return zip(Self.layout.fields, fields).map { name, value in
      guard name.hasPrefix("I"), let number = Int(value) else {
        return XXH64.hash(utf8Of: "\(name)=\(value)")
      }
      return XXH64.hash(utf8Of: "\(name)=\(LogarithmicBucket.bucket(of: number))")
    }
  }

  private static func parse(
    _ bytes: [UInt8], format: ClickLogFormat = .criteo, chunk: Int = 1 << 16
  ) async throws -> (ExampleBatch, ClickLogReader<MemoryByteSource>) {
    var reader = ClickLogReader(
      format: format, source: MemoryByteSource(bytes, chunkByteCount: chunk))
    var all = ExampleBatch(layout: format.layout)
    while let batch = try await reader.nextBatch(limit: 3) {
      #expect(batch.count <= 3 && !batch.isEmpty)
      all.append(contentsOf: batch)
    }
    return (all, reader)
  }

  private static func failure(of bytes: [UInt8], _ format: ClickLogFormat = .criteo) async
    -> ClickLogError?
  {
    do {
      _ = try await Self.parse(bytes, format: format)
      return nil
    } catch let error as ClickLogError {
      return error
    } catch {
      return nil
    }
  }

  @Test(arguments: [1, 7, 100, 1 << 16], ["\n", "\r\n"])
  func `rows are those of a naive reader for any chunk size and line ending`(
    chunk: Int, ending: String
  ) async throws {
    var generator = SplitMix64(seed: UInt64(chunk))
    let lines = (0..<20).map { _ in Self.randomLine(using: &generator) }

    for end in ["", ending] {
      let text = lines.joined(separator: ending) + end
      let (batch, reader) = try await Self.parse(Array(text.utf8), chunk: chunk)

      #expect(reader.rowsRead == 20)
      #expect(reader.skipped == SkippedRows())
      #expect(batch.features == lines.flatMap(Self.keys))
      #expect(batch.labels == lines.map { $0.hasPrefix("1") ? 1 : 0 })
    }
  }

  @Test func `numbers say whether an integer is missing and how large it is`() async throws {
    let line = Self.line(integers: ["", "0", "-2", "7"])

    let (batch, _) = try await Self.parse(Array(line.utf8))

    #expect(batch.numberCount == 26)
    #expect(Array(batch.numbers.prefix(6)) == [1, 0, 0, -0.5, 0, -0.5])
    #expect(abs(batch.numbers[7] - (3 * 0.2 - 0.5)) < 1e-6)
  }

  @Test func `ragged rows are skipped and counted with their first line`() async throws {
    let good = Self.line(integers: ["1"])
    let short = good.dropLast(2)
    let long = good + "\textra"
    let text = [good, String(short), "", good, String(short), long, good, ""].joined(
      separator: "\n")

    let (batch, reader) = try await Self.parse(Array(text.utf8))

    #expect(batch.count == 3)
    #expect(reader.rowsRead == 6)
    #expect(reader.skipped.count == 3)
    #expect(reader.skipped.byFieldCount.mapValues(\.count) == [38: 2, 41: 1])
    #expect(reader.skipped.byFieldCount.mapValues(\.firstLine) == [38: 2, 41: 6])
    #expect(!reader.isAllSkipped)
  }

  @Test func `a malformed row after the first is skipped whole`() async throws {
    let good = Self.line(integers: ["1"])
    let lines = [
      good, Self.line(label: "2"), Self.line(integers: ["1x"]), Self.line(integers: ["-"]), good,
      Self.line(integers: ["", "99999999999999999999"]),
    ]

    let (batch, reader) = try await Self.parse(Array(lines.joined(separator: "\n").utf8))

    #expect(batch.count == 2)
    #expect(batch.features.count == 2 * 39 && batch.numbers.count == 2 * 26)
    #expect(reader.skipped.malformed?.count == 4)
    #expect(reader.skipped.malformed?.firstLine == 2)
  }

  @Test func `a log without one good row says so`() async throws {
    let short = Self.line().dropLast(1)

    let (batch, reader) = try await Self.parse(Array("\(short)\n\(short)\n".utf8))

    #expect(batch.isEmpty)
    #expect(reader.isAllSkipped)
  }

  @Test(arguments: ["", "\n", "\n\r\n\n"])
  func `a log that ends without rows says so, and one that has not begun does not`(
    text: String
  ) async throws {
    let begun = ClickLogReader(
      format: .criteo, source: MemoryByteSource(Array(text.utf8)))

    let (batch, reader) = try await Self.parse(Array(text.utf8))

    #expect(!begun.isAllSkipped)
    #expect(batch.isEmpty && reader.rowsRead == 0 && reader.isAllSkipped)
  }

  @Test func `a first line of another format is refused`() async {
    #expect(await Self.failure(of: Array("a,b,c\n".utf8)) == .wrongFormat(.criteo))
    #expect(await Self.failure(of: Array("1::2::7::99\n".utf8)) == .wrongFormat(.criteo))
    #expect(
      await Self.failure(of: Array(Self.line().utf8), .movietweetings)
        == .wrongFormat(.movietweetings))
  }

  @Test func `control characters and broken text are refused with their line`() async {
    let good = Array((Self.line() + "\n").utf8)

    #expect(await Self.failure(of: [0x7F, 0x45, 0x4C, 0x46, 0, 1]) == .binary(line: 1))
    #expect(await Self.failure(of: good + [0x30, 0x09, 0x00]) == .binary(line: 2))
    #expect(await Self.failure(of: good + [0x30, 0x09, 0x1F]) == .binary(line: 2))
    #expect(await Self.failure(of: good + good + [0x30, 0x09, 0xFF, 0xFE]) == .binary(line: 3))
    #expect(await Self.failure(of: good + Array("0\tü".utf8)) == nil)
  }

  @Test func `a line without end is refused before it fills the memory`() async {
    let endless = [UInt8](repeating: UInt8(ascii: "0"), count: ClickLogParser.longestLine + 1 << 17)

    #expect(
      await Self.failure(of: endless)
        == .lineTooLong(line: 1, limit: ClickLogParser.longestLine))
  }

  @Test(arguments: UInt64(0)..<40)
  func `hostile bytes end in rows or in an error`(seed: UInt64) async throws {
    var generator = SplitMix64(seed: seed)
    let alphabet = Array("01-\t\t\t:::\n\r9a\u{FC}".utf8) + [0, 0xFF]
    // Half of the streams begin well, so that they get past the first line.
    var bytes = seed & 1 == 0 ? [] : Array((Self.line() + "\n").utf8)
    for _ in 0..<2000 {
      bytes.append(
        alphabet[Int(generator.next() % UInt64(seed % 4 < 2 ? alphabet.count - 3 : alphabet.count))]
      )
    }

    for format in ClickLogFormat.allCases {
      var parser = ClickLogParser(format: format)
      var batch = ExampleBatch(layout: format.layout)
      parser.append(bytes)
      parser.finishInput()
      do {
        #expect(try parser.parse(into: &batch, limit: .max) == .ended)
        #expect(parser.rowsRead == parser.skipped.count + batch.count)
      } catch {
        #expect("\(error)".isEmpty == false)
      }
    }
  }
}

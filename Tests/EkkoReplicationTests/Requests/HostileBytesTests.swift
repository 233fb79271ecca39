import EkkoCore
import EkkoReplication
import EkkoStorage
import EkkoTransport
import Testing

/// Every message that comes from outside: cut short it is refused, made up it never traps.
@Suite struct HostileBytesTests {
  static let shard = ShardID(model: ModelID(rawValue: 1), index: 3)
  static let life = IncarnationID(rawValue: 9)
  static let model = ModelRecord(
    id: ModelID(rawValue: 1), name: "m", application: "", shardCount: 4,
    tables: [TableSchema(name: "t", rowLength: 2)], trainingNodes: [NodeID(rawValue: 1)])
  static let member = MemberRecord(
    LinkIdentity(
      name: "a", incarnation: Self.life, roles: .training, dataCentre: "dc1", form: .full),
    endpoint: Endpoint(host: "127.0.0.1", port: 7400))

  static let requests: [Request] = [
    .join(Self.member),
    .leave(name: "b", incarnation: IncarnationID(rawValue: 9)),
    .leave(name: "b", incarnation: nil),
    .createModel(
      ModelDraft(name: "m", application: "", shardCount: 4, tables: Self.model.tables)),
    .alterModel(name: "m", tables: Self.model.tables),
    .write(
      WriteRequest(
        model: ModelID(rawValue: 1), epoch: .first, term: .first,
        request: RequestID(client: ClientID(rawValue: 5), sequence: 6), durability: .replicas(2),
        parts: [
          WriteRequest.Part(
            kind: .put, table: TableID(rawValue: 0), keys: [1, 2], floats: [1, 2, 3, 4]),
          WriteRequest.Part(
            kind: .put, table: TableID(rawValue: 1), keys: [1], contents: [[7, 8]]),
        ])),
    .read(
      ReadRequest(
        model: ModelID(rawValue: 1), missing: .initialise,
        session: [
          Self.shard: VersionVector([
            ParameterVersion(timestamp: Timestamp(rawValue: 4), origin: Self.life)
          ])
        ], parts: [ReadRequest.Part(table: TableID(rawValue: 0), keys: [1, 2, 3])])),
    .watch(ModelID(rawValue: 1), TableID(rawValue: 0)), .catalogue,
    .status(withDigests: true), .lag,
  ]

  static func bytes(of request: Request) -> [UInt8] {
    var writer = ByteWriter()
    request.encode(into: &writer)
    return writer.bytes
  }

  static let exchange = ExchangeRequest(
    nonce: 1, requester: Self.life, bookmarkOf: Self.life, bookmark: 2, hold: .milliseconds(5),
    credit: 6, retirements: 0, formClass: .full, wall: WallTime(microseconds: 7),
    entries: [
      ExchangeRequest.Entry(
        request: SectionRequest(
          shard: Self.shard, nonce: 1, epoch: .first, formClass: .full,
          knowledge: VersionVector(), mark: 8), isOwed: true)
    ])

  @Test(arguments: Self.requests) func `a request survives its encoding, and no cut of it does`(
    request: Request
  ) throws {
    let bytes = Self.bytes(of: request)
    #expect(try Request(decoding: bytes[...]) == request)
    for length in 0..<bytes.count {
      let cut = Array(bytes[..<length])
      #expect(throws: WireError.self) { try Request(decoding: cut[...]) }
    }
  }

  @Test func `an ask survives its encoding, and no cut of it does`() throws {
    let bytes = Self.exchange.encode()
    #expect(try ExchangeRequest(decoding: bytes.span) == Self.exchange)
    for length in 0..<bytes.count {
      let cut = Array(bytes[..<length])
      #expect(throws: WireError.self) { try ExchangeRequest(decoding: cut.span) }
    }
  }

  @Test func `records of the catalogue survive their encoding`() throws {
    #expect(try ModelRecord(decoding: Self.model.encode().span) == Self.model)
    #expect(try MemberRecord(decoding: Self.member.encode().span) == Self.member)
    let record = RetireRecord(
      number: 1, incarnation: Self.life, seals: [Self.shard: Timestamp(rawValue: 4)])
    #expect(try RetireRecord(decoding: record.encode().span) == record)
  }

  @Test(arguments: UInt64(0)..<20) func `changed and random bytes never trap`(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let seeds =
      Self.requests.map(Self.bytes) + [
        Self.exchange.encode(), Self.model.encode(), Self.member.encode(),
      ]
    for _ in 0..<300 {
      var bytes = seeds.randomElement(using: &generator)!
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8(
          truncatingIfNeeded: generator.next())
      }
      _ = try? Request(decoding: bytes[...])
      _ = try? Reply(decoding: bytes.span)
      _ = try? ExchangeRequest(decoding: bytes.span)
      _ = try? ModelRecord(decoding: bytes.span)
      _ = try? MemberRecord(decoding: bytes.span)
      _ = try? RetireRecord(decoding: bytes.span)
      _ = try? KnowledgeReport(decoding: bytes.span)
      var assembler = MessageAssembler(byteLimit: 1 << 16)
      _ = try? assembler.take(
        Frame(kind: RequestFrameKind.request, stream: 1, payload: bytes))
    }
  }

  @Test func `a message in many frames comes together, and one too many is refused at once`() throws
  {
    let message = Message(
      stream: 7, deadline: .milliseconds(40), body: Array(repeating: 5, count: 200_000))
    let frames = message.frames(kind: RequestFrameKind.request).map(\.received)
    #expect(frames.count == 4)
    var assembler = MessageAssembler(byteLimit: 200_000)
    var steps = try frames.dropLast().map { try assembler.take($0) }
    #expect(steps.allSatisfy { $0 == .incomplete })
    let other = Message(stream: 8, body: [1]).frames(kind: RequestFrameKind.request).map(
      \.received)
    #expect(try assembler.take(other[0]) == .full(stream: 8))
    steps = [try assembler.take(frames[3])]
    #expect(steps == [.complete(message)])
    #expect(try assembler.take(other[0]) == .complete(Message(stream: 8, body: [1])))
  }
}

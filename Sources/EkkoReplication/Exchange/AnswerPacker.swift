internal import EkkoCore
internal import EkkoStorage
internal import EkkoTransport

/// Packs items into frames of the usual size; an item that is larger goes in a frame of its own.
///
/// Over a slow link the frames are smaller, and what goes into one is asked for only when little is under
/// way: of a row that changes meanwhile the latest version is sent, and it does not queue behind others.
struct AnswerPacker: ~Copyable {
  private let link: Link
  private let stream: UInt32
  private let clock: any RuntimeClock
  private let usualByteLimit: Int
  private var pieceByteLimit: Int
  var writer = ByteWriter()
  private(set) var sentBytes = 0

  /// - Parameter pieceByteLimit: see `SynchronisationMethods.answerByteLimit`.
  init(link: Link, stream: UInt32, clock: any RuntimeClock, pieceByteLimit: Int) {
    self.link = link
    self.stream = stream
    self.clock = clock
    self.usualByteLimit = min(pieceByteLimit, SynchronisationMethods.largestAnswerByteCount)
    self.pieceByteLimit = self.usualByteLimit
  }

  /// Waits while more rows would only queue on their way. To be called before they are asked for.
  mutating func waitForTurn() async {
    while !Task.isCancelled, let turn = self.link.nextTurn(at: self.clock.now().monotonic) {
      self.pieceByteLimit = min(self.usualByteLimit, turn.window / 2)
      guard let delay = turn.delay else { return }
      try? await self.clock.sleep(for: delay)
    }
  }

  /// How much still fits the frame being packed.
  var room: Int {
    max(min(1024, self.pieceByteLimit), self.pieceByteLimit - self.writer.count)
  }

  /// Hands over what is not sent yet, to be added to in place and put back.
  mutating func takeWriter() -> ByteWriter {
    var writer = ByteWriter()
    swap(&writer, &self.writer)
    return writer
  }

  /// Takes back what was handed over, and more.
  mutating func take(_ piece: inout ShardActor.AnswerPiece) {
    self.writer = ByteWriter()
    swap(&self.writer, &piece.writer)
  }

  mutating func refuse(_ section: SectionRequest, _ reason: SectionRefusal.Reason) {
    SectionRefusal(shard: section.shard, nonce: section.nonce, reason: reason)
      .encode(into: &self.writer)
  }

  /// Whole sections may fill a frame, too.
  mutating func flushIfFull() async throws(LinkError) {
    if self.writer.count >= self.pieceByteLimit { try await self.flush() }
  }

  mutating func flush() async throws(LinkError) {
    guard self.writer.count > 0 else { return }
    let bytes = self.takeWriter().bytes
    self.sentBytes += bytes.count
    try await self.link.send([
      Frame(kind: ExchangeFrameKind.answer, stream: self.stream, payload: bytes)
    ])
  }
}

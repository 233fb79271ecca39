package import EkkoCore
package import EkkoTransport

/// The kinds of the frames between clients and nodes.
package enum RequestFrameKind {
  /// A part of a request; its stream is the request's id.
  package static let request: UInt8 = 32
  /// The client no longer wants the answer.
  package static let cancel: UInt8 = 33
  /// A part of a reply.
  package static let reply: UInt8 = 34
}

/// A request or reply as it travels: cut into frames of the usual size.
///
/// Each frame begins with flags; the first of a message also with the message's length and the
/// time its sender gives it, in milliseconds (zero: no limit).
package struct Message: Hashable, Sendable {
  package var stream: UInt32
  package var deadline: Duration?
  /// Another message answers the same request later.
  package var moreFollow = false
  package var body: ArraySlice<UInt8>

  package init(
    stream: UInt32, deadline: Duration? = nil, moreFollow: Bool = false,
    body: ArraySlice<UInt8>
  ) {
    self.stream = stream
    self.deadline = deadline
    self.moreFollow = moreFollow
    self.body = body
  }

  package init(
    stream: UInt32, deadline: Duration? = nil, moreFollow: Bool = false, body: [UInt8]
  ) {
    self.init(stream: stream, deadline: deadline, moreFollow: moreFollow, body: body[...])
  }

  fileprivate enum Flag {
    static let first: UInt8 = 1
    static let last: UInt8 = 2
    static let moreFollow: UInt8 = 4
  }

  /// A message in one frame is used where it was received. Larger frames would spare longer ones a copy as
  /// well, but what is checked and copied in one go is then no longer in the processor's cache.
  fileprivate static let partByteCount = 60 << 10

  package func frames(kind: UInt8) -> [Frame] {
    var frames: [Frame] = []
    var offset = self.body.startIndex
    repeat {
      let end = min(offset + Self.partByteCount, self.body.endIndex)
      let isFirst = offset == self.body.startIndex
      var flags = self.moreFollow ? Flag.moreFollow : 0
      if isFirst { flags |= Flag.first }
      if end == self.body.endIndex { flags |= Flag.last }
      var writer = ByteWriter(reservingCapacity: 9)
      writer.write(flags)
      if isFirst {
        writer.write(UInt32(self.body.count))
        writer.write(UInt32(clamping: (self.deadline ?? .zero).wholeNanoseconds / 1_000_000))
      }
      frames.append(
        Frame(
          kind: kind, stream: self.stream, lead: writer.bytes, payload: self.body[offset..<end]))
      offset = end
    } while offset < self.body.endIndex
    return frames
  }
}

/// Puts messages together again, within bounds: what does not fit is known from its first frame,
/// before any of its body is kept.
package struct MessageAssembler: Sendable {
  package enum Step: Hashable, Sendable {
    case incomplete
    case complete(Message)
    /// There is no room for this message now; its other frames are dropped as they come.
    case full(stream: UInt32)
  }

  private struct Partial: Sendable {
    var message: Message
    let byteCount: Int
  }

  private var partials: [UInt32: Partial] = [:]
  private var dropped: Set<UInt32> = []
  private var keptByteCount = 0
  private let byteLimit: Int
  private static let messageLimit = 256
  /// Room that a message gets on the word of its first frame.
  private static let reservedByteCount = 2 << 20

  /// - Parameter byteLimit: the bytes of all messages under way together.
  package init(byteLimit: Int) { self.byteLimit = byteLimit }

  package mutating func take(_ frame: Frame) throws(WireError) -> Step {
    var reader = ByteReader(frame.payload.span)
    let flags = try reader.readUInt8()
    guard flags <= 7 else { throw .invalidValue(field: .frame, value: UInt64(flags)) }
    if flags & Message.Flag.first != 0 {
      let byteCount = Int(try reader.readUInt32())
      let deadline = Duration.milliseconds(Int64(try reader.readUInt32()))
      guard self.partials[frame.stream] == nil else { throw .invalidValue(field: .frame, value: 1) }
      guard self.keptByteCount + byteCount <= self.byteLimit,
        self.partials.count < Self.messageLimit, self.dropped.count < Self.messageLimit
      else {
        if flags & Message.Flag.last == 0 { self.dropped.insert(frame.stream) }
        return .full(stream: frame.stream)
      }
      let part = frame.payload.dropFirst(reader.offset)
      var message = Message(
        stream: frame.stream, deadline: deadline > .zero ? deadline : nil,
        moreFollow: flags & Message.Flag.moreFollow != 0, body: part)
      if flags & Message.Flag.last != 0, part.count == byteCount { return .complete(message) }
      message.body = []
      self.keptByteCount += byteCount
      self.partials[frame.stream] = Partial(message: message, byteCount: byteCount)
    } else if self.dropped.contains(frame.stream) {
      if flags & Message.Flag.last != 0 { self.dropped.remove(frame.stream) }
      return .incomplete
    }
    return try self.append(frame.payload.dropFirst(reader.offset), flags: flags, of: frame.stream)
  }

  private mutating func append(
    _ part: ArraySlice<UInt8>, flags: UInt8, of stream: UInt32
  ) throws(WireError) -> Step {
    guard var partial = self.partials.removeValue(forKey: stream) else {
      throw .invalidValue(field: .frame, value: UInt64(stream))
    }
    if partial.message.body.isEmpty {
      partial.message.body.reserveCapacity(min(partial.byteCount, Self.reservedByteCount))
    }
    partial.message.body += part
    guard partial.message.body.count <= partial.byteCount else {
      throw .lengthOverLimit(
        field: .frame, length: partial.message.body.count, limit: partial.byteCount)
    }
    guard flags & Message.Flag.last != 0 else {
      self.partials[stream] = partial
      return .incomplete
    }
    self.keptByteCount -= partial.byteCount
    guard partial.message.body.count == partial.byteCount else {
      throw .truncated(needed: partial.byteCount, available: partial.message.body.count)
    }
    return .complete(partial.message)
  }
}

import EkkoCore
import EkkoTransport

/// Both ends of one opened link.
struct LinkPair: Sendable {
  let runtime: Runtime
  let near: Link
  let far: Link
  /// For writing what a link would not.
  let nearChannel: any ByteChannel

  static let near = LinkIdentity(
    name: "near", incarnation: IncarnationID(rawValue: 1), roles: .training, dataCentre: "dc1",
    form: .full)
  static let far = LinkIdentity(
    name: "far", incarnation: IncarnationID(rawValue: 2), roles: [.inference, .router],
    dataCentre: "dc2", form: .serving)

  static func with<Value: Sendable>(
    _ kind: TestTransport, secret: SharedSecret? = nil, channel limits: ChannelLimits = .init(),
    _ body: @escaping @Sendable (LinkPair) async throws -> Value
  ) async throws -> Value {
    try await ChannelPair.with(kind, limits: limits) { channels in
      try await body(
        try await Self.open(
          channels.near, channels.far, secrets: (secret, secret), runtime: channels.runtime))
    }
  }

  static func open(
    _ near: any ByteChannel, _ far: any ByteChannel, secrets: (SharedSecret?, SharedSecret?),
    runtime: Runtime
  ) async throws -> LinkPair {
    let farSecret = secrets.1
    async let farLink = Link.accept(far, as: Self.far, secret: farSecret, runtime: runtime)
    let nearLink = try await Link.open(
      near, as: Self.near, secret: secrets.0, expecting: Self.far.node, runtime: runtime)
    return LinkPair(
      runtime: runtime, near: nearLink, far: try await farLink, nearChannel: near)
  }
}

extension Link {
  /// Receives until there are `count` frames.
  func receive(count: Int) async throws -> [Frame] {
    var all: [Frame] = []
    while all.count < count {
      let frames = try await self.receive()
      if frames.isEmpty { break }
      all += frames
    }
    return all
  }

  func failureOfSending(_ frames: [Frame]) async -> LinkError? {
    do throws(LinkError) {
      try await self.send(frames)
      return nil
    } catch {
      return error
    }
  }

  func failureOfReceiving() async -> LinkError? {
    do throws(LinkError) {
      _ = try await self.receive()
      return nil
    } catch {
      return error
    }
  }
}

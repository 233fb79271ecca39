package import EkkoCore
package import EkkoReplication
package import EkkoTransport

/// Sending requests, and sending them again.
extension EkkoClient {
  /// What one attempt at one node has come to.
  package enum Attempt<Answer: Sendable>: Sendable {
    case reply(Answer)
    /// The node's last word.
    case failed(RequestFailure)
    /// Worth another attempt, after `pause` at the earliest. What was asked may have been done, in part
    /// or as a whole, if there was a link to ask over.
    case again(pause: Duration, why: String, wasAsked: Bool)
  }

  /// Pauses between attempts grow from one to the next, with jitter.
  struct RetryPause {
    private var next = Duration.milliseconds(10)
    private static let longest = Duration.milliseconds(500)

    mutating func take(
      atLeast pause: Duration, using generator: inout some RandomNumberGenerator
    ) -> Duration {
      defer { self.next = min(self.next * 2, Self.longest) }
      return max(pause, self.next * Double.random(in: 0.5...1, using: &generator))
    }
  }

  package func deadline() -> MonotonicTime {
    self.runtime.clock.now().monotonic.advanced(by: self.timeout)
  }

  /// Sends `request` to `endpoint` once.
  package func attempt(
    _ request: Request, at endpoint: Endpoint, until deadline: MonotonicTime
  ) async -> Attempt<Reply> {
    await self.attempt(request, at: endpoint, until: deadline) { link throws(LinkError) in
      switch try await link.ask(request, until: deadline) {
      case nil: nil
      case .failed(let failure)?: .failure(failure)
      case let reply?: .success(reply)
      }
    }
  }

  /// Has `ask` send `request` to `endpoint` once; its `nil` is that no answer came in time. A link is
  /// opened for it in half the time that is left: whoever is not there may have gone elsewhere, and
  /// somebody else can tell.
  func attempt<Answer: Sendable>(
    _ request: Request, at endpoint: Endpoint, until deadline: MonotonicTime,
    _ ask: (ClientLink) async throws(LinkError) -> Result<Answer, RequestFailure>?
  ) async -> Attempt<Answer> {
    var wasAsked = false
    do throws(LinkError) {
      let now = self.runtime.clock.now().monotonic
      let link = try await self.pool.link(
        to: endpoint, until: now.advanced(by: now.duration(to: deadline) / 2))
      wasAsked = true
      switch try await ask(link) {
      case nil:
        return .again(pause: .zero, why: "\(endpoint) did not answer in time", wasAsked: true)
      case .success(let answer)?: return .reply(answer)
      case .failure(let failure)?: return Self.verdict(on: failure, of: request, from: endpoint)
      }
    } catch .refusedByPeer(let refusal) {
      return .again(pause: .zero, why: "\(endpoint) refused: \(refusal)", wasAsked: wasAsked)
    } catch .refused(let refusal) {
      return .again(pause: .zero, why: "\(endpoint): \(refusal)", wasAsked: wasAsked)
    } catch {
      return .again(pause: .zero, why: "\(endpoint): \(error)", wasAsked: wasAsked)
    }
  }

  private static func verdict<Answer: Sendable>(
    on failure: RequestFailure, of request: Request, from endpoint: Endpoint
  ) -> Attempt<Answer> {
    switch (failure, request) {
    case (.busy(let retryAfter), _):
      .again(pause: retryAfter, why: "\(endpoint) is busy", wasAsked: true)
    case (.unknownModel, .read), (.unknownModel, .watch):
      // They name it by the id that some node's catalogue gave: this one's is behind.
      .again(pause: .zero, why: "\(endpoint) does not know the model yet", wasAsked: true)
    case (.unknownTable, .read), (.unknownTable, .watch):
      .again(pause: .zero, why: "\(endpoint) does not know the table yet", wasAsked: true)
    default:
      .failed(failure)
    }
  }

  /// Asks the nearest node that answers.
  ///
  /// - Parameter limit: when the call that this is part of must end; `nil` if it is all of it.
  func askNearest(
    _ request: Request, until limit: MonotonicTime? = nil
  ) async throws(EkkoError) -> Reply {
    let deadline = limit ?? self.deadline()
    return try await self.tryNearest(until: deadline) { endpoint in
      await self.attempt(request, at: endpoint, until: deadline)
    }
  }

  /// Makes an attempt at the nearest node, then at the next, until one answers.
  func tryNearest<Answer: Sendable>(
    until deadline: MonotonicTime, _ attempt: (Endpoint) async -> Attempt<Answer>
  ) async throws(EkkoError) -> Answer {
    var pause = RetryPause()
    var why = "no endpoint was given"
    while true {
      var atLeast = Duration.zero
      for offset in self.endpoints.indices {
        let place = (self.nearest + offset) % self.endpoints.count
        switch await attempt(self.endpoints[place]) {
        case .reply(let answer):
          self.nearest = place
          return answer
        case .failed(let failure):
          throw EkkoError(failure)
        case .again(let least, let reason, _):
          atLeast = max(atLeast, least)
          why = reason
        }
      }
      try await self.wait(
        pause.take(atLeast: atLeast, using: &self.generator), until: deadline, why)
    }
  }

  /// Asks the node that writes the catalogue, wherever it is.
  func askWriter(_ request: Request) async throws(EkkoError) -> Reply {
    let deadline = self.deadline()
    var pause = RetryPause()
    var target = self.endpoints.isEmpty ? nil : self.endpoints[self.nearest]
    var turn = 0
    var why = "no endpoint was given"
    while true {
      var atLeast = Duration.zero
      if let endpoint = target {
        switch await self.attempt(request, at: endpoint, until: deadline) {
        case .reply(let reply): return reply
        case .failed(.elsewhere(let there?)) where there != endpoint:
          target = there
          continue
        case .failed(.elsewhere):
          why = "no node that writes the catalogue is known yet"
        case .failed(let failure): throw EkkoError(failure)
        case .again(let least, let reason, _):
          atLeast = least
          why = reason
        }
      }
      try await self.wait(
        pause.take(atLeast: atLeast, using: &self.generator), until: deadline, why)
      turn += 1
      target = self.endpoints.isEmpty ? nil : self.endpoints[turn % self.endpoints.count]
    }
  }

  /// Waits before another attempt, or gives up when the deadline would pass.
  func wait(
    _ pause: Duration, until deadline: MonotonicTime, _ why: String
  ) async throws(EkkoError) {
    self.repeatedAttempts += 1
    let now = self.runtime.clock.now().monotonic
    guard now.advanced(by: pause) < deadline else { throw .unreachable(why) }
    do { try await self.runtime.clock.sleep(for: pause) } catch { throw .closed }
  }
}

extension EkkoError {
  init(_ failure: RequestFailure) {
    switch failure {
    case .invalid(let why): self = .invalid(why)
    case .unknownModel(let name): self = .unknownModel(name)
    case .unknownTable(let name): self = .unknownTable(model: "", table: name)
    case .notDurable: self = .notDurable
    case .outsideWindow: self = .uncertain
    case .tooLate: self = .tooLate
    case .elsewhere, .staleEpoch, .busy: self = .unreachable("the cluster is changing")
    case .malformed: self = .malformedReply
    }
  }
}

extension EkkoClient {
  /// Lists a node as a member of the cluster.
  package func join(_ member: MemberRecord) async throws(EkkoError) {
    guard case .catalogue(let catalogue) = try await self.askWriter(.join(member)) else {
      throw .malformedReply
    }
    self.adopt(catalogue)
  }

  /// Takes a node off the list of members.
  ///
  /// - Parameter incarnation: only if this still is its life; without one, only if it is gone.
  package func leave(_ name: String, incarnation: IncarnationID?) async throws(EkkoError) {
    let reply = try await self.askWriter(.leave(name: name, incarnation: incarnation))
    guard case .catalogue(let catalogue) = reply else { throw .malformedReply }
    self.adopt(catalogue)
  }

  /// What each of `members` answers to `request`; those that do not answer in time are absent.
  package func askAll(
    _ members: [MemberRecord], _ request: Request
  ) async -> [(member: MemberRecord, reply: Reply)] {
    let deadline = self.deadline()
    return await withTaskGroup(of: (Int, Reply?).self) { group in
      for (number, member) in members.enumerated() {
        group.addTask {
          let attempt = await self.attempt(request, at: member.endpoint, until: deadline)
          guard case .reply(let reply) = attempt else { return (number, nil) }
          return (number, reply)
        }
      }
      var replies: [Int: Reply] = [:]
      for await (number, reply) in group { replies[number] = reply }
      return members.enumerated().compactMap { number, member in
        replies[number].map { (member, $0) }
      }
    }
  }
}

package import EkkoCore

/// Names a client's request, so that a repeated one is recognised (DESIGN §4, Writes).
package struct RequestID: Hashable, Sendable {
  package let client: ClientID
  package let sequence: UInt64

  package init(client: ClientID, sequence: UInt64) {
    self.client = client
    self.sequence = sequence
  }
}

/// The answers a primary gave lately: a repeated request gets its first answer and is not applied
/// again. Bounded: the last requests of each client, the clients that wrote last.
package struct RequestWindow: Hashable, Sendable {
  private struct Remembered: Hashable, Sendable {
    let sequence: UInt64
    let versions: [[Timestamp]]
  }

  private struct Client: Hashable, Sendable {
    /// Ascending by sequence.
    var answers: [Remembered] = []
    /// Requests up to this one have left the window: whether they were applied is not known.
    var forgottenThrough: UInt64 = 0
    var lastUse: UInt64 = 0
  }

  package enum Lookup: Hashable, Sendable {
    case new
    case repeated(versions: [[Timestamp]])
    case outsideWindow
  }

  private var clients: [ClientID: Client] = [:]
  private var uses: UInt64 = 0
  /// Whether a client has left the window: of one that is not in it nothing is known then.
  private var hasForgottenClients = false

  package static let requestsPerClient = 64
  package static let clientLimit = 256

  package init() {}

  /// - Parameter isSentAgain: whether an earlier attempt may have come here.
  package func lookUp(_ request: RequestID, isSentAgain: Bool) -> Lookup {
    #if PlantedBugs
      if PlantedBug.active == .retryAppliedTwice { return .new }
    #endif
    guard let client = self.clients[request.client] else {
      return isSentAgain && self.hasForgottenClients ? .outsideWindow : .new
    }
    if let answer = client.answers.last(where: { $0.sequence == request.sequence }) {
      return .repeated(versions: answer.versions)
    }
    return request.sequence <= client.forgottenThrough ? .outsideWindow : .new
  }

  package mutating func remember(_ request: RequestID, versions: [[Timestamp]]) {
    self.uses += 1
    var client = self.clients.removeValue(forKey: request.client) ?? Client()
    client.lastUse = self.uses
    let place = client.answers.firstIndex { $0.sequence > request.sequence } ?? client.answers.count
    client.answers.insert(
      Remembered(sequence: request.sequence, versions: versions), at: place)
    #if PlantedBugs
      if PlantedBug.active == .oneRequestRemembered { client.answers = client.answers.suffix(1) }
    #endif
    if client.answers.count > Self.requestsPerClient {
      client.forgottenThrough = client.answers.removeFirst().sequence
    }
    self.clients[request.client] = client
    if self.clients.count > Self.clientLimit { self.evictLeastRecent() }
  }

  private mutating func evictLeastRecent() {
    // `lastUse` is unique, so the order of the dictionary does not matter.
    if let oldest = self.clients.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      self.clients[oldest.key] = nil
      self.hasForgottenClients = true
    }
  }
}

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
    let versions: IssuedTimes
  }

  private struct Client: Hashable, Sendable {
    let id: ClientID
    /// Ascending by sequence, from `oldest` on, and round; the window is full when they are
    /// `requestsPerClient`.
    var answers: [Remembered] = []
    var oldest = 0
    /// The last of their sequences: mostly a request comes after that, and none is looked at.
    var newest: UInt64?
    /// Requests up to this one have left the window: whether they were applied is not known.
    var forgottenThrough: UInt64 = 0
    var lastUse: UInt64 = 0

    init(id: ClientID) { self.id = id }

    private func answer(_ number: Int) -> Remembered {
      let place = self.oldest + number
      return self.answers[place < self.answers.count ? place : place - self.answers.count]
    }

    /// The answers at or after `sequence` begin at this number.
    func number(of sequence: UInt64) -> Int {
      var number = self.answers.count
      guard let newest = self.newest, sequence <= newest else { return number }
      while number > 0, self.answer(number - 1).sequence >= sequence { number -= 1 }
      return number
    }

    func versions(of sequence: UInt64) -> IssuedTimes? {
      let number = self.number(of: sequence)
      guard number < self.answers.count, case let answer = self.answer(number),
        answer.sequence == sequence
      else { return nil }
      return answer.versions
    }

    #if PlantedBugs
      mutating func forgetAnswers() { (self.answers, self.oldest, self.newest) = ([], 0, nil) }
    #endif

    mutating func remember(_ answer: Remembered) {
      let number = self.number(of: answer.sequence)
      self.newest = max(self.newest ?? 0, answer.sequence)
      let isFull = self.answers.count == RequestWindow.requestsPerClient
      if isFull, number == self.answers.count {
        self.forgottenThrough = self.answers[self.oldest].sequence
        self.answers[self.oldest] = answer
        self.oldest = self.oldest + 1 == self.answers.count ? 0 : self.oldest + 1
        return
      }
      if !isFull, number == self.answers.count {
        self.answers.append(answer)
        return
      }
      self.answers = (0..<self.answers.count).map { self.answer($0) }
      self.oldest = 0
      self.answers.insert(answer, at: number)
      if isFull { self.forgottenThrough = self.answers.removeFirst().sequence }
    }
  }

  package enum Lookup: Hashable, Sendable {
    case new
    case repeated(versions: IssuedTimes)
    case outsideWindow
  }

  /// In no particular order.
  private var clients: [Client] = []
  /// Where each is.
  private var places: [ClientID: Int] = [:]
  /// Where the one is that wrote last: mostly it writes again.
  private var latest = 0
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
    guard let place = self.place(of: request.client) else {
      return isSentAgain && self.hasForgottenClients ? .outsideWindow : .new
    }
    if let versions = self.clients[place].versions(of: request.sequence) {
      return .repeated(versions: versions)
    }
    return request.sequence <= self.clients[place].forgottenThrough ? .outsideWindow : .new
  }

  private func place(of client: ClientID) -> Int? {
    if self.latest < self.clients.count, self.clients[self.latest].id == client {
      return self.latest
    }
    return self.places[client]
  }

  package mutating func remember(_ request: RequestID, versions: IssuedTimes) {
    self.uses += 1
    self.latest = self.place(of: request.client) ?? self.add(request.client)
    self.clients[self.latest].lastUse = self.uses
    #if PlantedBugs
      if PlantedBug.active == .oneRequestRemembered { self.clients[self.latest].forgetAnswers() }
    #endif
    self.clients[self.latest].remember(
      Remembered(sequence: request.sequence, versions: versions))
  }

  /// Room for one more client: where there is none, that of the one who wrote longest ago.
  private mutating func add(_ client: ClientID) -> Int {
    var place = self.clients.count
    if place < Self.clientLimit {
      self.clients.append(Client(id: client))
    } else {
      // `lastUse` is unique.
      place = self.clients.indices.min { self.clients[$0].lastUse < self.clients[$1].lastUse } ?? 0
      self.places[self.clients[place].id] = nil
      self.clients[place] = Client(id: client)
      self.hasForgottenClients = true
    }
    self.places[client] = place
    return place
  }
}

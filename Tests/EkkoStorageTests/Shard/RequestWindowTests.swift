import EkkoCore
import EkkoStorage
import Testing

@Suite struct RequestWindowTests {
  private static func request(_ client: UInt64, _ sequence: UInt64 = 1) -> RequestID {
    RequestID(client: ClientID(rawValue: client), sequence: sequence)
  }

  /// One that `count` clients have written to, one request each.
  private static func window(clients count: Int) -> RequestWindow {
    var window = RequestWindow()
    for client in 1...UInt64(count) {
      window.remember(Self.request(client), versions: IssuedTimes())
    }
    return window
  }

  @Test func `a client that has left the window is not taken for a new one`() {
    let full = Self.window(clients: RequestWindow.clientLimit)
    #expect(full.lookUp(Self.request(1), isSentAgain: true) == .repeated(versions: IssuedTimes()))
    #expect(full.lookUp(Self.request(999), isSentAgain: true) == .new)

    let over = Self.window(clients: RequestWindow.clientLimit + 1)
    #expect(over.lookUp(Self.request(1), isSentAgain: true) == .outsideWindow)
    #expect(over.lookUp(Self.request(2), isSentAgain: true) == .repeated(versions: IssuedTimes()))
  }

  @Test func `what is sent for the first time is new, whoever has left the window`() {
    let over = Self.window(clients: RequestWindow.clientLimit + 1)
    #expect(over.lookUp(Self.request(1, 2), isSentAgain: false) == .new)
    #expect(over.lookUp(Self.request(999), isSentAgain: false) == .new)
  }

  @Test func `a request that has left its client's window may have been applied`() {
    var window = RequestWindow()
    for sequence in 1...UInt64(RequestWindow.requestsPerClient + 1) {
      window.remember(Self.request(1, sequence), versions: IssuedTimes())
    }
    #expect(window.lookUp(Self.request(1, 1), isSentAgain: true) == .outsideWindow)
    #expect(
      window.lookUp(Self.request(1, 2), isSentAgain: true) == .repeated(versions: IssuedTimes()))
  }
}

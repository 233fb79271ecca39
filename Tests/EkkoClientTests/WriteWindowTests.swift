import EkkoCore
import EkkoStorage
import Testing

@testable import EkkoClient

@Suite struct WriteWindowTests {
  @Test func `there is room for as many writes as a primary remembers of a client`() {
    var window = WriteWindow()

    for sequence in 1...64 {
      #expect(window.hasRoom)
      window.begin(UInt64(sequence))
    }

    #expect(!window.hasRoom)
    #expect(RequestWindow.requestsPerClient == 64)
  }

  @Test func `only the end of the oldest makes room, and then for all that ended after it`() {
    var window = WriteWindow()
    for sequence in 1...64 { window.begin(UInt64(sequence)) }

    for sequence in [2, 3, 64] { window.end(UInt64(sequence)) }
    #expect(!window.hasRoom)
    window.end(1)

    for sequence in 65...67 {
      #expect(window.hasRoom)
      window.begin(UInt64(sequence))
    }
    #expect(!window.hasRoom)
  }

  @Test func `a write that ends twice, or never began, changes nothing`() {
    var window = WriteWindow()
    for sequence in 1...64 { window.begin(UInt64(sequence)) }

    window.end(5)
    window.end(5)
    window.end(99)

    #expect(!window.hasRoom)
  }

  /// What the window is for: the primary recognises each write of it, in whatever order they come,
  /// are lost and come again.
  @Test(arguments: 0..<20) func `no write within the window leaves the primary's memory`(
    seed: UInt64
  ) {
    var generator = SplitMix64(seed: seed)
    let client = ClientID(rawValue: 1)
    var primary = RequestWindow()
    var window = WriteWindow()
    var applied: Set<UInt64> = []
    var underWay: [UInt64] = []
    var next: UInt64 = 0

    for _ in 0..<2000 {
      if window.hasRoom, Int.random(in: 0..<4, using: &generator) > 0 {
        next += 1
        window.begin(next)
        underWay.append(next)
      } else if let place = underWay.indices.randomElement(using: &generator) {
        let sequence = underWay[place]
        let request = RequestID(client: client, sequence: sequence)
        switch primary.lookUp(request, isSentAgain: true) {
        case .new:
          #expect(applied.insert(sequence).inserted)
          primary.remember(request, versions: IssuedTimes())
        case .repeated:
          #expect(applied.contains(sequence))
        case .outsideWindow:
          Issue.record("write \(sequence) of \(next) is not known any more")
        }
        // A reply that arrives; the others are lost, and the oldest mostly.
        if Int.random(in: 0..<8, using: &generator) < (place == 0 ? 1 : 7) {
          underWay.remove(at: place)
          window.end(sequence)
        }
      }
    }

    #expect(next > 64)
  }
}

internal import EkkoCore
package import EkkoTransport

/// Serves whoever has opened a link to this replica: peers that pull from it, and clients.
package struct LinkServer: Sendable {
  private let node: ReplicaNode
  private let link: Link
  private let requests: any RequestService

  /// Asks of one link that may be open at a time; an honest peer has one.
  private static let askLimit = 8

  package init(node: ReplicaNode, link: Link, requests: any RequestService) {
    self.node = node
    self.link = link
    self.requests = requests
  }

  /// Serves until the link ends, and awaits what is still being answered.
  package func run() async {
    let remote = self.link.remote
    let member = KnowledgeReport.Member(node: remote.node, incarnation: remote.incarnation)
    if remote.form != nil {
      self.node.noteClock(of: remote.node, offset: self.link.opening.wallClockOffset)
      self.node.knowledge.opened(by: member)
    }
    defer { self.node.knowledge.closed(by: member) }
    let responder = ExchangeResponder(node: self.node, link: self.link)
    let session = self.requests.session(on: self.link)
    let asks = Places(count: Self.askLimit)
    var lastReport: UInt64 = 0
    await withDiscardingTaskGroup { group in
      receiving: while let frames = try? await self.link.receive(), !frames.isEmpty {
        for frame in frames {
          switch frame.kind {
          case ExchangeFrameKind.ask:
            guard asks.take() else { break receiving }
            group.addTask {
              // Half an answer is none, and who asks waits for the rest.
              do { try await responder.answer(frame) } catch { self.link.abort() }
              asks.giveBack()
            }
          case ExchangeFrameKind.report:
            guard let report = try? KnowledgeReport(decoding: frame.payload.span) else {
              break receiving
            }
            // One that was lost on the way must not go unnoticed: the next link begins with all of it.
            guard report.number <= lastReport + 1 else { break receiving }
            lastReport = max(lastReport, report.number)
            self.node.knowledge.note(report, from: remote.node)
          default:
            guard session.receive(frame, in: &group) else { break receiving }
          }
        }
      }
      self.link.abort()
      group.cancelAll()
    }
  }
}

/// Answers the frames of clients' requests.
package protocol RequestService: Sendable {
  func session(on link: Link) -> any RequestSession
}

/// The requests of one link.
package protocol RequestSession: Sendable {
  /// Takes a frame; whatever takes time is done in a task of `group`.
  ///
  /// - Returns: false if the frame makes no sense and the link should end.
  func receive(_ frame: Frame, in group: inout DiscardingTaskGroup) -> Bool
}

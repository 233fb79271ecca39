public import EkkoCore
internal import EkkoReplication
internal import EkkoStorage
internal import EkkoTransport

/// The keys of a table as they change at the replica the client reads from, in batches.
///
/// State, not a log: a key that changes often appears once per batch with its latest version, and
/// who reads too slowly is told that keys were missed. Ends when the link to the replica ends.
public struct TableChanges: AsyncSequence, Sendable {
  public struct Change: Hashable, Sendable {
    public let key: UInt64
    public let version: ParameterVersion
    public let isDeleted: Bool
  }

  public struct Batch: Hashable, Sendable {
    public let changes: [Change]
    /// Some changes went by untold: a reader that must know all should read the table anew.
    public let hasMissed: Bool
  }

  public typealias Element = Batch

  let link: ClientLink
  let stream: UInt32
  let inbox: Watched<ClientLink.Inbox, Never>

  public struct AsyncIterator: AsyncIteratorProtocol {
    let changes: TableChanges
    private static let never = MonotonicTime(nanoseconds: .max)

    init(_ changes: TableChanges) { self.changes = changes }

    public mutating func next() async -> Batch? {
      while true {
        _ = await self.changes.inbox.wait(on: nil, until: Self.never) {
          !$0.replies.isEmpty || $0.isOver
        }
        let (reply, hasMissed) = self.changes.inbox.update { inbox -> (Reply?, Bool) in
          guard !inbox.replies.isEmpty else { return (nil, false) }
          defer { inbox.hasMissed = false }
          return (inbox.replies.removeFirst(), inbox.hasMissed)
        }
        guard case .changes(let batch) = reply, !Task.isCancelled else {
          await self.changes.cancel()
          return nil
        }
        guard !batch.changes.isEmpty || batch.hasMissed || hasMissed else { continue }
        return Batch(
          changes: batch.changes.map {
            Change(key: $0.key, version: $0.version, isDeleted: $0.isDeleted)
          }, hasMissed: batch.hasMissed || hasMissed)
      }
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  /// Stops the watch; iterators end.
  public func cancel() async {
    await self.link.cancel(self.stream)
    self.inbox.change(nil) { $0.isOver = true }
  }
}

extension EkkoClient {
  /// Watches a table from this moment on: whatever changes after the call returns is told.
  public func changes(
    of table: String, in model: String
  ) async throws(EkkoError) -> TableChanges {
    let deadline = self.deadline()
    let record = try await self.record(of: model, with: [table], until: deadline)
    let request = Request.watch(record.id, try self.table(table, of: record))
    return try await self.tryNearest(until: deadline) { endpoint in
      await self.attempt(request, at: endpoint, until: deadline) { link throws(LinkError) in
        guard let opened = try await link.open(request, until: deadline) else { return nil }
        // The first reply says that the watch has begun.
        if case .failed(let failure) = opened.first { return .failure(failure) }
        return .success(TableChanges(link: link, stream: opened.stream, inbox: opened.inbox))
      }
    }
  }
}

internal import EkkoCore
internal import Glibc

/// Turns names into addresses. The system's look-up blocks, for up to half a minute, so each runs on
/// a short-lived thread of its own; their number is bounded.
enum NameLookup {
  private static let threadLimit = 8
  private static let running = Guarded(0)

  /// What one look-up's thread needs, and where it leaves the answer.
  private final class Request: Sendable {
    typealias Answer = Result<[SocketAddress], TransportError>

    let endpoint: Endpoint
    private let answer: CheckedContinuation<Answer, Never>

    init(_ endpoint: Endpoint, answer: CheckedContinuation<Answer, Never>) {
      self.endpoint = endpoint
      self.answer = answer
    }

    func finish(_ answer: Answer) {
      NameLookup.running.withLock { $0 -= 1 }
      self.answer.resume(returning: answer)
    }
  }

  /// The addresses of `endpoint`, in the order to try them. Digits and `localhost` need no look-up.
  static func addresses(of endpoint: Endpoint) async throws(TransportError) -> [SocketAddress] {
    let host = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host
    if let address = SocketAddress(numericHost: host, port: endpoint.port) { return [address] }
    return try await withCheckedContinuation { self.start(Request(endpoint, answer: $0)) }.get()
  }

  private static func start(_ request: Request) {
    let count = self.running.withLock { count in
      count += 1
      return count
    }
    guard count <= self.threadLimit else { return request.finish(.failure(.resourcesExhausted)) }
    // SAFETY: the thread takes over this reference and releases it as it ends.
    let context = unsafe Unmanaged.passRetained(request).toOpaque()
    var thread = pthread_t()
    let code = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        let request = unsafe Unmanaged<Request>.fromOpaque(context).takeRetainedValue()
        request.finish(NameLookup.look(request.endpoint))
        return nil
      }, context)
    if code == 0 {
      pthread_detach(thread)
    } else {
      unsafe Unmanaged<Request>.fromOpaque(context).release()
      request.finish(.failure(.resourcesExhausted))
    }
  }

  private static func look(_ endpoint: Endpoint) -> Request.Answer {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    // SAFETY: the strings end in zero; the list is freed once, after its last use.
    let code = unsafe getaddrinfo(endpoint.host, String(endpoint.port), &hints, &list)
    guard code == 0 else { return .failure(.nameNotFound(endpoint.host)) }
    defer { unsafe freeaddrinfo(list) }
    let addresses = unsafe SocketAddress.all(of: list)
    return addresses.isEmpty ? .failure(.nameNotFound(endpoint.host)) : .success(addresses)
  }
}

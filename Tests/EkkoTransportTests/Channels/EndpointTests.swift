import EkkoTransport
import Testing

/// Endpoints as text, and who may be listened to without a secret.
@Suite struct EndpointTests {
  @Test(
    arguments: [
      ("127.0.0.1:7400", "127.0.0.1", 7400), ("[::1]:0", "::1", 0),
      ("node-3.dc1.example:65535", "node-3.dc1.example", 65535), ("localhost:1", "localhost", 1),
      ("0.0.0.0:80", "0.0.0.0", 80), ("[fe80::2]:9", "fe80::2", 9),
    ] as [(String, String, UInt16)])
  func `good text is parsed and written back`(text: String, host: String, port: UInt16) throws {
    let endpoint = try Endpoint(parsing: text)

    #expect(endpoint == Endpoint(host: host, port: port))
    #expect(endpoint.description == text)
  }

  @Test(
    arguments: [
      ("7400", .missingPort("7400")), ("", .missingPort("")), ("a:", .invalidPort("a:")),
      ("a:x", .invalidPort("a:x")), ("a:65536", .invalidPort("a:65536")),
      ("a:-1", .invalidPort("a:-1")), ("a:+1", .invalidPort("a:+1")),
      ("a:١", .invalidPort("a:١")), (":1", .invalidHost(":1")), ("::1:1", .invalidHost("::1:1")),
      ("[]:1", .invalidHost("[]:1")), ("[127.0.0.1]:1", .invalidHost("[127.0.0.1]:1")),
      ("[x]:1", .invalidHost("[x]:1")), ("a b:1", .invalidHost("a b:1")),
      ("a\0b:1", .invalidHost("a\0b:1")),
    ] as [(String, Endpoint.ParseError)])
  func `bad text is refused with the reason`(text: String, expected: Endpoint.ParseError) {
    #expect(throws: expected) { try Endpoint(parsing: text) }
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.9.8.7", true), ("::1", true), ("localhost", true),
    ("0.0.0.0", false), ("::", false), ("10.0.0.1", false), ("128.0.0.1", false),
    ("::ffff:127.0.0.1", false), ("localhost.example", false),
  ])
  func `only loopback may be listened to without a secret`(host: String, isLoopback: Bool) throws {
    let endpoint = Endpoint(host: host, port: 1)

    #expect(endpoint.isLoopback == isLoopback)
    if isLoopback {
      try BindPolicy.check(endpoint, secret: nil)
    } else {
      #expect(throws: BindPolicy.Refusal.secretRequired(endpoint)) {
        try BindPolicy.check(endpoint, secret: nil)
      }
    }
    try BindPolicy.check(endpoint, secret: SharedSecret(bytes: [1]))
  }
}

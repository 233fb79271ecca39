/// The kinds of the frames replicas exchange; those of clients' requests are `RequestFrameKind`.
enum ExchangeFrameKind {
  /// From the requester: one `ExchangeRequest`.
  static let ask: UInt8 = 16
  /// From the responder: items of sections, `ExchangeNews` and `ExchangeEnd`.
  static let answer: UInt8 = 17
  /// From the requester, one way: one `KnowledgeReport`.
  static let report: UInt8 = 18
}

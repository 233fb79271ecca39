internal import EkkoClient
internal import EkkoRecommender

extension EkkoClient {
  /// The click log that a ranking model learns from: what `train` made it for or, of a model made
  /// otherwise, what it has been trained on; `nil` if that is still open.
  ///
  /// All ranking models have the same tables. What differs is which features their rows stand for, and
  /// how many rows the dense layers take; mixed, neither log would get anything out of the model.
  func logFormat(of model: String) async throws(EkkoError) -> ClickLogFormat? {
    let application = self.catalogue.models.first { $0.name == model }?.application
    if let format = application.flatMap(ClickLogFormat.init(rawValue:)) { return format }
    let blockCounts = ClickLogFormat.allCases.map { format in
      (format, WideAndDeep(layout: format.layout, seed: 1).blockCount)
    }
    let keys = (0..<(blockCounts.map(\.1).max() ?? 0)).map(UInt64.init)
    let rows = try await self.getFromPrimaries(
      [TableRead(table: WideAndDeep.denseTableName, keys: keys)], of: model)
    let found = keys.indices.filter { rows[0].isFound(at: $0) }
    // Every step of training writes all of them.
    return blockCounts.first { found == Array(0..<$0.1) }?.0
  }
}

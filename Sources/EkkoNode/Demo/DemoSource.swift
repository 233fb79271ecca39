internal import EkkoRecommender

/// Where the demo's rows come from.
enum DemoSource {
  case file(ClickLogReader<FileByteSource>)
  case synthetic(SyntheticClickLog)

  init(_ settings: DemoSettings) throws(ClickLogError) {
    if let input = settings.input {
      self = .file(
        ClickLogReader(format: input.format, source: try FileByteSource(path: input.file)))
    } else {
      self = .synthetic(SyntheticClickLog(seed: settings.seed))
    }
  }

  var layout: ExampleLayout {
    switch self {
    case .file(let reader): reader.layout
    case .synthetic(let log): log.layout
    }
  }

  mutating func nextBatch(limit: Int) async throws -> ExampleBatch? {
    switch self {
    case .file(var reader):
      let batch = try await reader.nextBatch(limit: limit)
      self = .file(reader)
      return batch
    case .synthetic(var log):
      let batch = log.nextBatch(limit: limit)
      self = .synthetic(log)
      return batch
    }
  }

  var rowsRead: Int {
    switch self {
    case .file(let reader): reader.rowsRead
    case .synthetic(let log): log.impression
    }
  }

  var skipped: SkippedRows {
    switch self {
    case .file(let reader): reader.skipped
    case .synthetic: SkippedRows()
    }
  }

  var isAllSkipped: Bool {
    switch self {
    case .file(let reader): reader.isAllSkipped
    case .synthetic: false
    }
  }
}

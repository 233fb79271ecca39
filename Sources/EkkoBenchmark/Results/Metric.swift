internal import EkkoNode

/// What is measured, with its unit.
package enum Metric: String, Hashable, Sendable {
  case rowsPerSecond = "rows_per_second"
  case bytesPerSecond = "bytes_per_second"
  case fractionOfLimit = "fraction_of_limit"
  case overheadBytesPerRow = "overhead_bytes_per_row"
  /// What the update cache costs a row that is overwritten.
  case upkeepPerUpdate = "upkeep_ns_per_update"
  /// Of an answer from the update cache, without writing the rows to it.
  case selectionPerRow = "selection_ns_per_row"
  /// Of a row selected in the largest shard ÷ in the smallest.
  case selectionGrowth = "selection_growth"
  /// By how much more cores make a rate larger ÷ by how much they make its limit larger.
  case scalingOfLimit = "scaling_of_limit"
  case growthPauseMax = "growth_pause_max_ms"
  /// Keys and weights written a second ÷ what the loopback carries in the same run.
  case fractionOfStream = "fraction_of_stream"
  /// Of the server's process alone: of the primary, where there are several.
  case processorTimePerUpdate = "cpu_us_per_update"
  /// Of the process of the load, clients and what measures together.
  case clientTimePerUpdate = "client_cpu_us_per_update"
  /// By how much of its own the primary's time per update grows with each replica.
  case processorGrowthPerReplica = "cpu_growth_per_replica"
  /// Writes, or lookups, that were refused or not answered in time: sent again, or given up.
  case callsRefused = "calls_refused"
  case visibleMedian = "visible_p50_ms"
  case visibleTail = "visible_p99_ms"
  case lookupTail = "lookup_p99_ms"
  /// With synchronisation beside the lookups ÷ without.
  case lookupTailRatio = "lookup_p99_ratio"
  /// The same of a bare echo of as many bytes: what the machine's processors are short of.
  case echoTailRatio = "echo_p99_ratio"
  case wireBytesPerUpdate = "wire_bytes_per_update"
  case lagMedian = "lag_p50_ms"
  case lagMax = "lag_max_ms"
  /// The bytes of the keys that change ÷ the bandwidth of the link.
  case lagBound = "lag_bound_ms"
  /// How often a replica of a Redis lost its place in the log and took everything over anew.
  case fullCopies = "full_copies"
  /// Ours ÷ theirs.
  case throughputRatio = "throughput_ratio"
  /// Their processor time per row ÷ ours.
  case processorRatio = "cpu_ratio"

  package var unit: String {
    switch self {
    case .rowsPerSecond: "rows/s"
    case .bytesPerSecond: "B/s"
    case .fractionOfLimit, .fractionOfStream, .processorGrowthPerReplica, .lookupTailRatio,
      .echoTailRatio, .throughputRatio, .processorRatio, .selectionGrowth, .scalingOfLimit:
      "ratio"
    case .upkeepPerUpdate, .selectionPerRow: "ns"
    case .overheadBytesPerRow: "B/row"
    case .processorTimePerUpdate, .clientTimePerUpdate: "us"
    case .callsRefused, .fullCopies: "times"
    case .wireBytesPerUpdate: "B"
    case .growthPauseMax, .visibleMedian, .visibleTail, .lookupTail, .lagMedian, .lagMax, .lagBound:
      "ms"
    }
  }

  func text(_ value: Double) -> String {
    switch self {
    case .rowsPerSecond, .bytesPerSecond, .callsRefused, .fullCopies: Figures.fixed(value, 0)
    case .fractionOfLimit, .fractionOfStream, .processorTimePerUpdate, .clientTimePerUpdate,
      .processorGrowthPerReplica:
      Figures.fixed(value, 3)
    case .overheadBytesPerRow, .wireBytesPerUpdate: Figures.fixed(value, 1)
    case .growthPauseMax, .visibleMedian, .visibleTail, .lookupTail, .lookupTailRatio,
      .echoTailRatio, .lagMedian, .lagMax, .lagBound, .throughputRatio, .processorRatio,
      .upkeepPerUpdate, .selectionPerRow,
      .selectionGrowth, .scalingOfLimit:
      Figures.fixed(value, 2)
    }
  }
}

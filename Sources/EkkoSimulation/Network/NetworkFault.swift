/// What can be wrong with a network. The raw values are the keys of reports.
package enum NetworkFault: String, CaseIterable, Sendable {
  /// A unit is lost; later ones go on.
  case drop
  /// A unit arrives twice.
  case duplicate
  /// A unit is overtaken by later ones.
  case reorder
  /// A unit, and what is behind it, arrives much later.
  case delayTail = "delay_tail"
  /// A unit that was sent before, preferably to or by an earlier process, arrives in a channel of
  /// today.
  case lateReplay = "late_replay"
  /// Bits of a unit are turned over.
  case bitCorruption = "bit_corruption"
  /// A unit arrives in part, then the channel breaks.
  case truncatedStream = "truncated_stream"
  /// The channel breaks between two units.
  case cut = "cut_mid_chunk"
  /// A channel forgets what is sent, and tells nobody. Also counted when a host that lost its power
  /// leaves others so.
  case halfOpen = "half_open"
  case symmetricPartition = "symmetric_partition"
  case asymmetricPartition = "asymmetric_partition"
  case partialPartition = "partial_partition"
  /// Units are held until the end of the fault, in order.
  case clog
  case swizzleClog = "swizzle_clog"
  /// The way becomes narrow.
  case bandwidthSqueeze = "bandwidth_squeeze"
  /// The way is blocked and open in turn.
  case flapping

  var place: Int { Self.places[self] ?? 0 }

  private static let places = Dictionary(
    uniqueKeysWithValues: Self.allCases.enumerated().map { ($0.element, $0.offset) })

  /// Whether units are held as long as it lasts.
  var isBlock: Bool {
    switch self {
    case .symmetricPartition, .asymmetricPartition, .partialPartition, .clog, .swizzleClog,
      .flapping:
      true
    case .drop, .duplicate, .reorder, .delayTail, .lateReplay, .bitCorruption, .truncatedStream,
      .cut, .halfOpen, .bandwidthSqueeze:
      false
    }
  }

  /// Whether the hosts themselves lose touch: resets are lost, and channels may break when it ends.
  var isPartition: Bool {
    switch self {
    case .symmetricPartition, .asymmetricPartition, .partialPartition: true
    case .drop, .duplicate, .reorder, .delayTail, .lateReplay, .bitCorruption, .truncatedStream,
      .cut, .halfOpen, .clog, .swizzleClog, .bandwidthSqueeze, .flapping:
      false
    }
  }
}

/// How often each kind of fault changed what happened to a unit, a channel or an attempt to open one.
package struct NetworkFaultCounts: Hashable, Sendable {
  private var counts = [Int](repeating: 0, count: NetworkFault.allCases.count)

  package init() {}

  package subscript(kind: NetworkFault) -> Int {
    get { self.counts[kind.place] }
    set { self.counts[kind.place] = newValue }
  }

  package var total: Int { self.counts.reduce(0, +) }
}

internal import EkkoCore
internal import EkkoReplication
internal import EkkoStorage

/// The part of a write that one primary gets.
struct PrimaryWrite: Sendable {
  let primary: NodeID
  var parts: [WriteRequest.Part] = []
  /// For each of `parts`, which of the write's parts it is of.
  var sources: [Source] = []

  struct Source: Sendable {
    let part: Int
    /// The places of its keys there; `nil` if it is all of it.
    let places: [Int]?
  }

  enum Outcome: Sendable {
    case written(WriteReply)
    case failed(EkkoError)
  }

  /// Cuts `parts` by primary; the primaries in the order of their ids.
  static func plans(for parts: [WriteRequest.Part], of model: ModelRecord) -> [PrimaryWrite] {
    if model.trainingNodes.count == 1 {
      let filled = parts.indices.filter { !parts[$0].keys.isEmpty }
      guard !filled.isEmpty else { return [] }
      return [
        PrimaryWrite(
          primary: model.trainingNodes[0], parts: filled.map { parts[$0] },
          sources: filled.map { Source(part: $0, places: nil) })
      ]
    }
    var plans: [NodeID: PrimaryWrite] = [:]
    for (number, part) in parts.enumerated() {
      for (node, ordered) in model.placesByPrimary(of: part.keys, in: part.table) {
        plans[node, default: PrimaryWrite(primary: node)].add(part, number: number, places: ordered)
      }
    }
    return plans.values.sorted { $0.primary < $1.primary }
  }

  private mutating func add(_ part: WriteRequest.Part, number: Int, places: [Int]) {
    let length = part.keys.isEmpty ? 0 : part.floats.count / part.keys.count
    var floats: [Float] = []
    floats.reserveCapacity(places.count * length)
    for place in places where length > 0 {
      part.floats.append((place * length)..<((place + 1) * length), to: &floats)
    }
    var own = WriteRequest.Part(
      kind: part.kind, table: part.table, keys: places.map { part.keys[$0] }, floats: floats)
    if !part.contents.isEmpty { own.contents = places.map { part.contents[$0] } }
    self.parts.append(own)
    self.sources.append(Source(part: number, places: places))
  }

  /// Puts the primaries' answers together in the order of the keys that the caller gave.
  static func receipt(
    for writes: [DistinctWrite], names: [String], plans: [PrimaryWrite],
    outcomes: [Int: Outcome]
  ) throws(EkkoError) -> WriteReceipt {
    var versions = writes.map { _ in [ParameterVersion?]() }
    var missing: [String: [UInt64]] = [:]
    var failures: [EkkoError] = []
    for (number, plan) in plans.enumerated() {
      switch outcomes[number] {
      case .written(let reply) where reply.timestamps.count == plan.parts.count:
        for (source, timestamps) in zip(plan.sources, reply.timestamps) {
          let keyCount = writes[source.part].part.keys.count
          guard timestamps.count == source.places?.count ?? keyCount else {
            throw .malformedReply
          }
          let issued = timestamps.map { time -> ParameterVersion? in
            time > .zero ? ParameterVersion(timestamp: time, origin: reply.origin) : nil
          }
          guard let places = source.places else {
            versions[source.part] = issued
            continue
          }
          if versions[source.part].isEmpty {
            versions[source.part] = Array(repeating: nil, count: keyCount)
          }
          for (place, version) in zip(places, issued) { versions[source.part][place] = version }
        }
      case .failed(let error):
        failures.append(error)
        for (source, part) in zip(plan.sources, plan.parts) {
          missing[names[source.part], default: []] += part.keys
        }
      case .written, nil:
        throw .malformedReply
      }
    }
    if let first = failures.first {
      guard failures.count < plans.count else { throw first }
      // A write that only lacks confirmations is applied.
      guard failures.contains(where: { $0 != .notDurable }) else { throw .notDurable }
      throw .partiallyApplied(missing: missing, why: first.description)
    }
    return WriteReceipt(
      versions: zip(writes, versions).map { write, distinct in
        write.places?.map { distinct[$0] } ?? distinct
      })
  }
}

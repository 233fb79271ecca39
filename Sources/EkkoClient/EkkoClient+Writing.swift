internal import EkkoCore
public import EkkoReplication
internal import EkkoStorage

/// Writing (DESIGN §4).
extension EkkoClient {
  /// Overwrites rows.
  ///
  /// - Parameters:
  ///   - values: row-major weights, `keys.count × rowLength`; of a repeated key the last row wins.
  ///   - durability: who must hold the rows before the call returns.
  /// - Throws: `EkkoError.invalid` before anything is sent if a length is wrong or a number is not
  ///   finite.
  @discardableResult
  public func put(
    _ keys: [UInt64], _ values: [Float], to table: String, of model: String,
    durability: Durability = .primary
  ) async throws(EkkoError) -> WriteReceipt {
    try await self.write(
      [TableWrite(table: table, keys: keys, change: .put(values))], to: model,
      durability: durability)
  }

  /// Adds gradients: the primary applies the table's optimiser to each row, once per call.
  ///
  /// - Parameter gradients: row-major, `keys.count × rowLength`; those of a repeated key are summed.
  @discardableResult
  public func push(
    _ keys: [UInt64], _ gradients: [Float], to table: String, of model: String,
    durability: Durability = .primary
  ) async throws(EkkoError) -> WriteReceipt {
    try await self.write(
      [TableWrite(table: table, keys: keys, change: .push(gradients))], to: model,
      durability: durability)
  }

  /// Deletes rows; a key without a row is deleted just so.
  @discardableResult
  public func delete(
    _ keys: [UInt64], from table: String, of model: String, durability: Durability = .primary
  ) async throws(EkkoError) -> WriteReceipt {
    try await self.write(
      [TableWrite(table: table, keys: keys, change: .delete)], to: model, durability: durability)
  }

  /// Writes to several tables in one call. The whole batch is checked before any of it is sent; then
  /// each primary applies its part as a whole.
  ///
  /// - Throws: `EkkoError.partiallyApplied` with the keys that were not, if some primaries could not
  ///   be reached in time.
  @discardableResult
  public func write(
    _ writes: [TableWrite], to model: String, durability: Durability = .primary
  ) async throws(EkkoError) -> WriteReceipt {
    let deadline = self.deadline()
    let record = try await self.record(
      of: model, with: writes.map(\.table), until: deadline)
    var distinct: [DistinctWrite] = []
    for write in writes {
      let table = try self.table(write.table, of: record)
      distinct.append(
        try DistinctWrite(write, table: table, schema: record.tables[Int(table.rawValue)]))
    }
    let plans = PrimaryWrite.plans(for: distinct.map(\.part), of: record)
    if plans.count == 1 {
      let outcome = await self.carryOut(
        plans[0], of: record, durability: durability, until: deadline)
      return try PrimaryWrite.receipt(
        for: distinct, names: writes.map(\.table), plans: plans, outcomes: [0: outcome])
    }
    let outcomes = await withTaskGroup(of: (Int, PrimaryWrite.Outcome).self) { group in
      for (number, plan) in plans.enumerated() {
        group.addTask {
          (
            number,
            await self.carryOut(plan, of: record, durability: durability, until: deadline)
          )
        }
      }
      var outcomes: [Int: PrimaryWrite.Outcome] = [:]
      for await (number, outcome) in group { outcomes[number] = outcome }
      return outcomes
    }
    return try PrimaryWrite.receipt(
      for: distinct, names: writes.map(\.table), plans: plans, outcomes: outcomes)
  }

  /// Sends one primary its part when its turn has come.
  private func carryOut(
    _ plan: PrimaryWrite, of model: ModelRecord, durability: Durability,
    until deadline: MonotonicTime
  ) async -> PrimaryWrite.Outcome {
    let request: RequestID
    do throws(EkkoError) { request = try await self.beginWrite(at: plan.primary) } catch {
      return .failed(error)
    }
    defer { self.endWrite(request, at: plan.primary) }
    return await self.carryOut(
      WriteRequest(
        model: model.id, epoch: model.epoch, term: model.term, request: request,
        durability: durability, parts: plan.parts), at: plan.primary, until: deadline)
  }

  /// Sends one primary its part until it has answered, always under the same number.
  private func carryOut(
    _ request: WriteRequest, at primary: NodeID, until deadline: MonotonicTime
  ) async -> PrimaryWrite.Outcome {
    var request = request
    var pause = RetryPause()
    while true {
      var atLeast = Duration.zero
      var why = "the primary is not known"
      if let endpoint = self.endpoint(of: primary) {
        switch await self.attempt(.write(request), at: endpoint, until: deadline) {
        case .reply(.written(let reply)): return .written(reply)
        case .reply: return .failed(.malformedReply)
        case .failed(.staleEpoch), .failed(.elsewhere), .failed(.unknownModel),
          .failed(.unknownTable):
          // The catalogue has changed, here or there; a shard may have been written before.
          why = "the cluster is changing"
          request.isSentAgain = true
        case .failed(let failure): return .failed(EkkoError(failure))
        case .again(let least, let reason, let wasAsked):
          atLeast = least
          why = reason
          request.isSentAgain = request.isSentAgain || wasAsked
        }
      }
      do throws(EkkoError) {
        try await self.wait(
          pause.take(atLeast: atLeast, using: &self.generator), until: deadline, why)
        try await self.refresh(until: deadline)
        if let record = self.catalogue.models.first(where: { $0.id == request.model }) {
          request.epoch = record.epoch
          request.term = record.term
        }
      } catch {
        return .failed(error)
      }
    }
  }
}

internal import EkkoClient
internal import EkkoReplication

/// `status` and `lag`: every replica the catalogue lists is asked. `remove`: the list itself changes.
enum ClusterProgram {
  static func status(_ options: StatusOptions) async throws(Failure) {
    let replies = try await Self.ask(.status(withDigests: true), options.cluster)
    let reports = replies.flatMap { reply -> [StatusReport] in
      guard case .status(let status) = reply else { return [] }
      return StatusReport.reports(of: status)
    }
    try StandardStream.output.print(reports.lines(asJSON: options.json))
  }

  static func lag(_ options: LagOptions) async throws(Failure) {
    let replies = try await Self.ask(.lag, options.cluster)
    let reports = replies.flatMap { reply -> [LagReport] in
      guard case .lag(let lag) = reply else { return [] }
      return LagReport.reports(of: lag)
    }
    try StandardStream.output.print(reports.lines(asJSON: options.json))
  }

  static func remove(_ options: RemoveOptions) async throws(Failure) {
    let doing = "cannot remove \(options.node.printable())"
    let refusal = try await options.cluster.withClient(doing: doing) {
      client async throws(EkkoError) -> String? in
      do throws(EkkoError) {
        try await client.leave(options.node, incarnation: nil)
        return nil
      } catch .invalid(let why) {
        return why
      }
    }
    if let refusal {
      throw Failure(
        what: doing, why: refusal,
        doThis: "Nothing was changed; a primary must be started again",
        exitCode: .failure)
    }
    try StandardStream.output.print("removed \(options.node.printable())")
  }

  /// What each member answers; those that do not answer are named on stderr.
  private static func ask(
    _ request: Request, _ cluster: ClusterAccess
  ) async throws(Failure) -> [Reply] {
    let (members, replies) = try await cluster.withClient(doing: "cannot ask the cluster") {
      client in
      let members = await client.catalogue.members
      return (members, await client.askAll(members, request))
    }
    let heard = Set(replies.map(\.member.name))
    for member in members where !heard.contains(member.name) {
      try StandardStream.error.print(
        "ekko-node: \(member.name.printable()) at \(member.endpoint) does not answer")
    }
    return replies.map(\.reply)
  }
}

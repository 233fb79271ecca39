internal import EkkoRecommender
internal import EkkoTransport

/// Turns the words of a command line into a command, or into the one sentence that says what is wrong
/// with them (DESIGN §12). It touches nothing but the file that `--config` names.
package enum CommandLineParser {
  private static let timeoutLimit = 3600
  private static let demoSecondLimit = 604_800

  /// - Parameters:
  ///   - words: what follows the program's name.
  ///   - readFile: reads a configuration file.
  package static func parse(
    _ words: [String],
    readFile: (String) throws(Failure) -> [UInt8] = ConfigurationFile.read
  ) throws(Failure) -> Command {
    let verb: Verb
    var rest = words[...]
    if let first = words.first, !first.hasPrefix("-") {
      verb = try Self.verb(first)
      rest.removeFirst()
    } else {
      verb = .node
    }
    var arguments = try Arguments(rest, syntax: .of(verb))
    if arguments.asksForHelp { return .help(verb == .node ? Help.overall : Help.of(verb)) }
    return try Self.command(&arguments, readFile)
  }

  private static func command(
    _ arguments: inout Arguments, _ readFile: (String) throws(Failure) -> [UInt8]
  ) throws(Failure) -> Command {
    guard arguments.syntax.verb != .node else { return try Self.node(&arguments, readFile) }
    try arguments.checkRequirements()
    switch arguments.syntax.verb {
    case .node: preconditionFailure("a node's requirements are checked with its file")
    case .demo: return .demo(try Self.demo(arguments))
    case .train: return .train(try Self.train(arguments))
    case .get:
      return .get(
        GetOptions(
          cluster: try Self.access(arguments), rows: try arguments.rowSelection(),
          json: arguments.isPresent(.json)))
    case .put:
      let rows = try arguments.rowSelection()
      return .put(
        PutOptions(
          cluster: try Self.access(arguments), rows: rows,
          values: try arguments.values(forKeyCount: rows.keys.count),
          durability: try arguments.durability(), json: arguments.isPresent(.json)))
    case .delete:
      return .delete(
        DeleteOptions(
          cluster: try Self.access(arguments), rows: try arguments.rowSelection(),
          durability: try arguments.durability(), json: arguments.isPresent(.json)))
    case .status:
      return .status(
        StatusOptions(
          cluster: try Self.access(arguments), json: arguments.isPresent(.json)))
    case .lag:
      return .lag(
        LagOptions(cluster: try Self.access(arguments), json: arguments.isPresent(.json)))
    case .remove:
      return .remove(
        RemoveOptions(cluster: try Self.access(arguments), node: arguments.requiredText(.node)))
    }
  }

  private static func verb(_ word: String) throws(Failure) -> Verb {
    if !word.isEmpty, let verb = Verb(rawValue: word) { return verb }
    let names = Verb.allCases.map(\.rawValue).filter { !$0.isEmpty }
    let help = "See 'ekko-node --help'"
    throw Failure(
      what: "'\(word)'", why: "there is no such verb",
      doThis: Spelling.nearest(to: word, among: names).map { "Did you mean \($0)? \(help)" }
        ?? help,
      exitCode: .usage)
  }

  // MARK: Verbs

  private static func node(
    _ arguments: inout Arguments, _ readFile: (String) throws(Failure) -> [UInt8]
  ) throws(Failure) -> Command {
    var switches = ConfigurationFile.Switches()
    if let path = arguments.text(.configuration) {
      let file = try ConfigurationFile(
        parsing: readFile(path), path: path, flags: arguments.syntax.flags)
      for (flag, words) in file.words { arguments.fill(flag, words: words, from: path) }
      switches = file.switches
    }
    try arguments.checkRequirements()
    var options = NodeOptions(roles: try arguments.roles(.role))
    options.dataCentre = try arguments.name(.dataCentre)
    options.zone = try arguments.name(.zone) ?? ""
    options.listen = try arguments.listenEndpoint(.listen)
    options.advertise = try arguments.advertisedEndpoint(.advertise)
    options.join = try arguments.endpoints(.join)
    options.dataDirectory = arguments.text(.data)
    options.secretFile = arguments.text(.secretFile)
    options.logFormat = try arguments.choice(.logFormat, of: LogFormat.self) ?? .text
    options.makesDefaultModel = switches.makesDefaultModel
    options.endsWithInput = switches.endsWithInput
    guard options.roles.contains(.training) || !options.join.isEmpty else {
      throw arguments.mistake(
        .join, "a node that does not train needs it",
        "Add --join HOST:PORT,…, or --role training to found a cluster")
    }
    // One list for all nodes is convenient, so each may find itself in it.
    let others = options.join.filter { !options.isOwn($0) }
    if let own = options.join.first, others.isEmpty {
      throw arguments.mistake(
        .join, "\(own) is where this node itself listens", "Name other nodes of the cluster")
    }
    options.join = others
    return .node(options)
  }

  private static func demo(_ arguments: Arguments) throws(Failure) -> DemoOptions {
    var options = DemoOptions()
    let format = try arguments.choice(.format, of: ClickLogFormat.self)
    switch (arguments.text(.data), format) {
    case (nil, nil): break
    case (let file?, let format?): options.input = DemoOptions.Input(file: file, format: format)
    case (_?, nil):
      throw arguments.mistake(
        .data, "it needs --format", "Add --format criteo or --format movietweetings")
    case (nil, _?):
      throw arguments.mistake(.format, "it says how to read --data", "Add --data FILE")
    }
    options.baseline = arguments.isPresent(.baseline)
    options.measureAlone = arguments.isPresent(.measureAlone)
    options.dataCentres = try arguments.integer(.dataCentres, in: 1...16) ?? options.dataCentres
    options.replicas = try arguments.integer(.replicas, in: 1...16) ?? options.replicas
    options.processes = arguments.isPresent(.processes)
    options.seed = try arguments.integer(.seed, in: 0...UInt64.max) ?? options.seed
    options.duration = try arguments.duration(.seconds, upTo: Self.demoSecondLimit)
    options.headless = arguments.isPresent(.headless)
    options.json = arguments.isPresent(.json)
    return options
  }

  private static func train(_ arguments: Arguments) throws(Failure) -> TrainOptions {
    guard let format = try arguments.choice(.format, of: ClickLogFormat.self) else {
      preconditionFailure("--format is required")
    }
    return TrainOptions(
      cluster: try Self.access(arguments), model: arguments.requiredText(.model),
      dataFile: arguments.requiredText(.data), format: format,
      follow: arguments.isPresent(.follow), json: arguments.isPresent(.json))
  }

  private static func access(_ arguments: Arguments) throws(Failure) -> ClusterAccess {
    var access = ClusterAccess(join: try arguments.endpoints(.join))
    access.secretFile = arguments.text(.secretFile)
    access.timeout =
      try arguments.duration(.timeout, upTo: Self.timeoutLimit) ?? ClusterAccess.defaultTimeout
    return access
  }
}

/// The verbs; the one without a name runs a node.
enum Verb: String, CaseIterable, Hashable, Sendable {
  case node = ""
  case demo
  case train
  case get
  case put
  case delete
  case status
  case lag
  case remove

  /// How the verb is called.
  var invocation: String { self == .node ? "ekko-node" : "ekko-node \(self.rawValue)" }
}

/// All there is to know about a verb's arguments: the parser accepts exactly these flags, and the help
/// lists exactly these.
struct VerbSyntax: Sendable {
  struct Example: Sendable {
    let command: String
    let explanation: String
  }

  let verb: Verb
  let summary: String
  let examples: [Example]
  let flags: [FlagSyntax]

  static let all = Verb.allCases.map(VerbSyntax.of)

  func syntax(of flag: Flag) -> FlagSyntax? { self.flags.first { $0.flag == flag } }

  static func of(_ verb: Verb) -> VerbSyntax {
    switch verb {
    case .node: Self.node
    case .demo: Self.demo
    case .train: Self.train
    case .get: Self.get
    case .put: Self.put
    case .delete: Self.delete
    case .status: Self.status
    case .lag: Self.lag
    case .remove: Self.remove
    }
  }

  // MARK: Flags that several verbs share

  private static let access: [FlagSyntax] = [
    .value(.join, "HOST:PORT,…", "nodes of the cluster, nearest first", .required),
    .value(.secretFile, "FILE", "the cluster's secret, in a file of mode 0600"),
    .value(.timeout, "SECONDS", "how long to try (default 5)"),
  ]

  private static let rows: [FlagSyntax] = [
    .value(.model, "NAME", "the model", .required),
    .value(.table, "NAME", "the table: embedding, wide or dense in the model demo", .required),
    .words(.key, "N…", "keys, as whole numbers", .alternative),
    .words(.text, "S…", "features whose hashes are the keys, such as C14=1adce6ef", .alternative),
  ]

  private static let durability = FlagSyntax.value(
    .durability, "LEVEL",
    "who must hold it first: primary (default), replicas=N, data-centers=N")

  private static let json = FlagSyntax.toggle(.json, "one JSON object per line on stdout")

  // MARK: Verbs

  private static let node = VerbSyntax(
    verb: .node, summary: "runs a node",
    examples: [
      Example(
        command: "ekko-node --role training",
        explanation: "a working store on 127.0.0.1:7400"),
      Example(
        command: "ekko-node --role inference --join 127.0.0.1:7400",
        explanation: "a replica in another data center"),
    ],
    flags: [
      .repeatedValue(
        .role, "training|inference", "what the node does; may be repeated", .required),
      .value(.dataCentre, "NAME", "default dc1 for a training node, else dc2"),
      .value(.zone, "NAME", "a part of the data center that fails together"),
      .value(
        .listen, "HOST:PORT",
        "default 127.0.0.1:7400, with --join a free port"),
      .value(
        .advertise, "HOST[:PORT]",
        "where others reach the node (default as --listen)"),
      .value(.join, "HOST:PORT,…", "nodes to pull from; without, a training node founds a cluster"),
      .value(.data, "DIR", "where to keep the shards between starts (default: nowhere)"),
      .value(.secretFile, "FILE", "the cluster's secret (mode 0600); all but loopback needs one"),
      .value(
        .configuration, "FILE.json5",
        "these flags as keys (data_center, …), default_model; flags win"),
      .value(.logFormat, "text|json", "of the log on stderr (default text)"),
    ])

  private static let demo = VerbSyntax(
    verb: .demo, summary: "trains and serves in several data centers on this machine",
    examples: [
      Example(
        command: "ekko-node demo",
        explanation: "3 data centers × 3 replicas, live; no file and no network needed"),
      Example(
        command: "ekko-node demo --data train.tsv --format criteo --baseline --headless --json",
        explanation: "once through a click log, with figures for a program to read"),
    ],
    flags: [
      .value(.data, "FILE", "a click log (default: a synthetic one)"),
      .value(.format, "criteo|movietweetings", "how to read --data"),
      .toggle(.baseline, "also train a plain logistic regression, to compare with"),
      .toggle(.measureAlone, "also measure the training data center by itself"),
      .value(.dataCentres, "N", "1 to 16 (default 3)"),
      .value(.replicas, "N", "per data centre, 1 to 16 (default 3)"),
      .toggle(.processes, "a process per node, over sockets"),
      .value(.seed, "N", "of all that is random (default 1)"),
      .value(.seconds, "N", "train no longer (default 30 without --data)"),
      .toggle(.headless, "end by itself"),
      Self.json,
    ])

  private static let train = VerbSyntax(
    verb: .train, summary: "trains a model on a click log",
    examples: [
      Example(
        command:
          "ekko-node train --join 127.0.0.1:7400 --model demo --data train.tsv --format criteo",
        explanation: "one pass; with --follow it waits for more rows at the end")
    ],
    flags: Self.access + [
      .value(.model, "NAME", "the model", .required),
      .value(.data, "FILE", "a click log", .required),
      .value(.format, "criteo|movietweetings", "how to read --data", .required),
      .toggle(.follow, "wait for more rows at the end of the file"),
      Self.json,
    ])

  private static let get = VerbSyntax(
    verb: .get, summary: "reads rows from the nearest replica",
    examples: [
      Example(
        command:
          "ekko-node get --join 127.0.0.1:7400 --model demo --table embedding --text C14=1adce6ef",
        explanation: "the row of a feature")
    ],
    flags: Self.access + Self.rows + [Self.json])

  private static let put = VerbSyntax(
    verb: .put, summary: "overwrites rows",
    examples: [
      Example(
        command:
          "ekko-node put --join 127.0.0.1:7400 --model demo --table wide --key 7 --values 0.5",
        explanation: "the row of key 7, of one element")
    ],
    flags: Self.access + Self.rows + [
      .words(
        .values, "x,y,…", "the elements of a row: one list for every key, or one for all",
        .required),
      Self.durability,
      Self.json,
    ])

  private static let delete = VerbSyntax(
    verb: .delete, summary: "deletes rows",
    examples: [
      Example(
        command: "ekko-node delete --join 127.0.0.1:7400 --model demo --table wide --key 7 8 9",
        explanation: "three rows")
    ],
    flags: Self.access + Self.rows + [Self.durability, Self.json])

  private static let status = VerbSyntax(
    verb: .status, summary: "shows what each replica holds",
    examples: [
      Example(
        command: "ekko-node status --join 127.0.0.1:7400",
        explanation: "equal digests mean equal models")
    ],
    flags: Self.access + [Self.json])

  private static let lag = VerbSyntax(
    verb: .lag, summary: "shows how far each replica is behind",
    examples: [
      Example(
        command: "ekko-node lag --join 127.0.0.1:7400 --json",
        explanation: "milliseconds behind the primaries, now and over a minute")
    ],
    flags: Self.access + [Self.json])

  private static let remove = VerbSyntax(
    verb: .remove, summary: "takes a node that is gone for good off the list of members",
    examples: [
      Example(
        command: "ekko-node remove --join 127.0.0.1:7400 --node dc2-127.0.0.1:40413",
        explanation: "writes and deletes wait for it no longer; should it come back, it joins anew")
    ],
    flags: Self.access + [.value(.node, "NAME", "the node, as status names it", .required)])
}

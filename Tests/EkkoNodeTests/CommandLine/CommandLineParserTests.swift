import EkkoCore
import EkkoRecommender
import EkkoReplication
import EkkoTransport
import Testing

@testable import EkkoNode

@Suite struct CommandLineParserTests {
  private func parse(_ line: String) throws(Failure) -> Command {
    try CommandLineParser.parse(line.split(separator: " ").map(String.init))
  }

  private func failure(_ line: String) -> Failure? {
    do throws(Failure) {
      let command = try self.parse(line)
      Issue.record("'\(line)' was understood as \(command)")
      return nil
    } catch {
      return error
    }
  }

  private func access(_ join: [Endpoint] = [Endpoint(host: "h", port: 1)]) -> ClusterAccess {
    ClusterAccess(join: join)
  }

  // MARK: What is understood

  @Test func `a role alone runs a node on the default address`() throws {
    guard case .node(let options) = try self.parse("--role training") else { return }

    #expect(options == NodeOptions(roles: .training))
    #expect(options.effectiveListen == Endpoint(host: "127.0.0.1", port: 7400))
    #expect(options.effectiveDataCentre == "dc1")
    #expect(options.makesDefaultModel)
  }

  @Test func `a node that joins takes a free port, and dc2 if it does not train`() throws {
    guard case .node(let options) = try self.parse("--role inference --join h:1,[::1]:2") else {
      return
    }

    #expect(options.join == [Endpoint(host: "h", port: 1), Endpoint(host: "::1", port: 2)])
    #expect(options.effectiveListen == Endpoint(host: "127.0.0.1", port: 0))
    #expect(options.effectiveDataCentre == "dc2")
  }

  @Test func `a node leaves itself out of a list of nodes to join`() throws {
    guard
      case .node(let options) = try self.parse(
        "--role training --join h:1,127.0.0.1:9 --listen localhost:9")
    else {
      Issue.record("that is a node")
      return
    }
    #expect(options.join == [Endpoint(host: "h", port: 1)])
  }

  @Test func `all flags of a node, in both spellings`() throws {
    var expected = NodeOptions(roles: [.training, .inference])
    expected.dataCentre = "east"
    expected.zone = "a"
    expected.listen = Endpoint(host: "127.0.0.1", port: 9)
    expected.advertise = Endpoint(host: "x", port: 8)
    expected.join = [Endpoint(host: "h", port: 1)]
    expected.dataDirectory = "dir"
    expected.secretFile = "s"
    expected.logFormat = .json

    let separate = try self.parse(
      "--role training --role inference --data-center east --zone a --listen 127.0.0.1:9 "
        + "--advertise x:8 --join h:1 --data dir --secret-file s --log-format json")
    let joined = try self.parse(
      "--role=training --role=inference --data-center=east --zone=a --listen=127.0.0.1:9 "
        + "--advertise=x:8 --join=h:1 --data=dir --secret-file=s --log-format=json")

    #expect(separate == .node(expected))
    #expect(joined == .node(expected))
  }

  @Test(arguments: [
    ("node1.example", Endpoint(host: "node1.example", port: 0)), ("::1", nil), ("x:", nil),
    ("[fd00::5]", Endpoint(host: "fd00::5", port: 0)), ("10.0.0.5:0", nil), ("0.0.0.0", nil),
    ("10.0.0.5:71", Endpoint(host: "10.0.0.5", port: 71)), ("[::]:7400", nil), ("a b", nil),
    ("[fd00::5]:71", Endpoint(host: "fd00::5", port: 71)), ("[::ffff:0.0.0.0]", nil),
    (String(repeating: "a", count: 256), nil),
  ])
  func `an address to advertise may be without a port, and is one that leads somewhere`(
    text: String, endpoint: Endpoint?
  ) throws {
    let words = ["--role", "training", "--advertise", text]
    guard endpoint != nil else {
      #expect(throws: Failure.self) { try CommandLineParser.parse(words) }
      return
    }
    guard case .node(let options) = try CommandLineParser.parse(words) else { return }
    #expect(options.advertise == endpoint)
  }

  @Test func `a demo needs nothing, and takes everything`() throws {
    #expect(try self.parse("demo") == .demo(DemoOptions()))
    #expect(DemoOptions().effectiveDuration == .seconds(30))

    var all = DemoOptions()
    all.input = DemoOptions.Input(file: "f", format: .movietweetings)
    all.baseline = true
    all.measureAlone = true
    all.dataCentres = 2
    all.replicas = 5
    all.processes = true
    all.seed = .max
    all.headless = true
    all.json = true
    #expect(all.effectiveDuration == nil)
    all.duration = .milliseconds(2500)
    let command = try self.parse(
      "demo --data f --format movietweetings --baseline --measure-alone --data-centers 2 "
        + "--replicas 5 --processes --seed 18446744073709551615 --seconds 2.5 --headless --json")
    #expect(command == .demo(all))
    #expect(all.effectiveDuration == .milliseconds(2500))
  }

  @Test func `train, status, lag and remove`() throws {
    var access = self.access()
    access.secretFile = "s"
    access.timeout = .milliseconds(500)

    #expect(
      try self.parse(
        "train --join h:1 --model m --data f --format criteo --follow --timeout 0.5 "
          + "--secret-file s --json")
        == .train(
          TrainOptions(
            cluster: access, model: "m", dataFile: "f", format: .criteo, follow: true, json: true)))
    #expect(
      try self.parse("status --join h:1")
        == .status(StatusOptions(cluster: self.access(), json: false)))
    #expect(
      try self.parse("lag --join h:1 --json")
        == .lag(LagOptions(cluster: self.access(), json: true)))
    #expect(
      try self.parse("remove --join h:1 --node dc2-a")
        == .remove(RemoveOptions(cluster: self.access(), node: "dc2-a")))
  }

  @Test func `keys are numbers or the hashes of texts, up to the next flag`() throws {
    let base = "get --join h:1 --model m --table t"
    let numbers = RowSelection(model: "m", table: "t", keys: [7, 0, .max])
    let texts = RowSelection(
      model: "m", table: "t", keys: ["C14=1adce6ef", "I3=5"].map { XXH64.hash(utf8Of: $0) },
      texts: ["C14=1adce6ef", "I3=5"])

    for line in ["--key 7 0 18446744073709551615 --json", "--json --key=7 0 18446744073709551615"] {
      #expect(
        try self.parse("\(base) \(line)")
          == .get(GetOptions(cluster: self.access(), rows: numbers, json: true)))
    }
    for line in ["--text C14=1adce6ef I3=5", "--text=C14=1adce6ef I3=5"] {
      #expect(
        try self.parse("\(base) \(line)")
          == .get(GetOptions(cluster: self.access(), rows: texts, json: false)))
    }
  }

  @Test func `one list of values stands for every key, or there is one for each`() throws {
    let base = "put --join h:1 --model m --table t --key 1 2"
    for (line, values) in [
      ("--values -1.5,2e3", [[-1.5, 2000], [-1.5, 2000]] as [[Float]]),
      ("--values 1,2 -3,4", [[1, 2], [-3, 4]]), ("--values=-1", [[-1], [-1]]),
    ] {
      guard case .put(let options) = try self.parse("\(base) \(line)") else { continue }
      #expect(options.values == values)
      #expect(options.durability == .primary)
    }
  }

  @Test(arguments: [
    ("primary", Durability.primary), ("replicas=2", .replicas(2)),
    ("data-centers=1", .dataCentres(1)),
  ])
  func `durability levels`(text: String, level: Durability) throws {
    let command = try self.parse(
      "delete --join h:1 --model m --table t --key 1 --durability \(text)")

    #expect(
      command
        == .delete(
          DeleteOptions(
            cluster: self.access(), rows: RowSelection(model: "m", table: "t", keys: [1]),
            durability: level, json: false)))
  }

  // MARK: What is refused

  @Test(arguments: [
    ("--listen", "--listen: its value is missing. Write --listen HOST:PORT."),
    ("--listen --json", "--listen: its value is missing. Write --listen HOST:PORT."),
    ("--role training --zone=", "--zone: its value is missing. Write --zone NAME."),
    ("--zone a --zone b", "--zone: it was given twice. Give it once."),
    ("demo --json --json", "--json: it was given twice. Give it once."),
    ("demo --json=yes", "--json: it takes no value. Write --json alone."),
    ("--zone a", "--role: a node needs it. Add --role training|inference."),
    (
      "--lisen h:1",
      "--lisen: there is no such flag. Did you mean --listen? See 'ekko-node --help'."
    ),
    (
      "-role training",
      "-role: there is no such flag. Did you mean --role? See 'ekko-node --help'."
    ),
    ("--frobnicate", "--frobnicate: there is no such flag. See 'ekko-node --help'."),
    ("--http h:1", "--http: there is no such flag. See 'ekko-node --help'."),
    ("train --workers 2", "--workers: there is no such flag. See 'ekko-node train --help'."),
    (
      "get --baseline",
      "--baseline: 'ekko-node get' does not take it, only 'ekko-node demo'. Leave it out."
    ),
    (
      "statsu --json",
      "'statsu': there is no such verb. Did you mean status? See 'ekko-node --help'."
    ),
    ("rollback", "'rollback': there is no such verb. See 'ekko-node --help'."),
    (
      "demo again",
      "'again': a flag was expected here. See 'ekko-node demo --help'."
    ),
    (
      "--role witness",
      "--role: 'witness' is unknown. Use one of inference, training."
    ),
    (
      "--role trianing",
      "--role: 'trianing' is unknown. Did you mean training? There is inference, training."
    ),
    (
      "--role training --listen 7400",
      "--listen: '7400' has no port. Write HOST:PORT, such as 127.0.0.1:7400 or [::1]:7400."
    ),
    (
      "--role training --join h:1,h:65536",
      "--join: the port of 'h:65536' is not a number from 0 to 65535. "
        + "Write HOST:PORT, such as 127.0.0.1:7400 or [::1]:7400."
    ),
    (
      "--role training --join h:0",
      "--join: nobody can listen on port 0 of 'h:0'. Give the port the node printed."
    ),
    (
      "--role training --advertise 0.0.0.0",
      "--advertise: nobody can reach a node at '0.0.0.0'. Give an address of this machine."
    ),
    (
      "--role training --advertise a:b:c",
      "--advertise: 'a:b:c' is no address. Write HOST or HOST:PORT, such as 10.0.0.5:7400."
    ),
    (
      "--role inference",
      "--join: a node that does not train needs it. "
        + "Add --join HOST:PORT,…, or --role training to found a cluster."
    ),
    (
      "--role training --join 127.0.0.1:9 --listen localhost:9",
      "--join: 127.0.0.1:9 is where this node itself listens. Name other nodes of the cluster."
    ),
    (
      "--role inference --join 127.0.0.1:9 --listen 0.0.0.0:9 --advertise x",
      "--join: 127.0.0.1:9 is where this node itself listens. Name other nodes of the cluster."
    ),
    (
      "--role inference --join x:9 --listen 0.0.0.0:9 --advertise x",
      "--join: x:9 is where this node itself listens. Name other nodes of the cluster."
    ),
    (
      "--role training --join h:1,",
      "--join: '' has no port. Write HOST:PORT, such as 127.0.0.1:7400 or [::1]:7400."
    ),
    (
      "demo --data f",
      "--data: it needs --format. Add --format criteo or --format movietweetings."
    ),
    ("demo --format criteo", "--format: it says how to read --data. Add --data FILE."),
    (
      "demo --data f --format cirteo",
      "--format: 'cirteo' is unknown. Did you mean criteo? There is criteo, movietweetings."
    ),
    (
      "demo --replicas 0",
      "--replicas: '0' is not a whole number from 1 to 16. Give one, in decimal digits."
    ),
    (
      "demo --seconds 0",
      "--seconds: '0' is not a number of seconds from 0.001 to 604800. Give one, such as 5."
    ),
    (
      "demo --seconds nan",
      "--seconds: 'nan' is not a number of seconds from 0.001 to 604800. Give one, such as 5."
    ),
    (
      "status --join h:1 --timeout 1e9",
      "--timeout: '1e9' is not a number of seconds from 0.001 to 3600. Give one, such as 5."
    ),
    ("status", "--join: 'ekko-node status' needs it. Add --join HOST:PORT,…."),
    (
      "get --join h:1 --model m --table t",
      "--key or --text: 'ekko-node get' needs one of them. Add --key."
    ),
    (
      "get --join h:1 --model m --table t --key 1 --text a",
      "--key and --text: 'ekko-node get' takes only one of them. Leave out one of them."
    ),
    (
      "get --join h:1 --model m --table t --key 1 --key 2",
      "--key: it was given twice. Give it once."
    ),
    (
      "get --join h:1 --model m --table t --key 1 -2",
      "--key: '-2' is not a whole number from 0 to 18446744073709551615. "
        + "Give one, in decimal digits."
    ),
    (
      "get --join h:1 --model m --table t --key 18446744073709551616",
      "--key: '18446744073709551616' is not a whole number from 0 to 18446744073709551615. "
        + "Give one, in decimal digits."
    ),
    (
      "put --join h:1 --model m --table t --key 1 2 3 --values 1 2",
      "--values: there are 2 lists of elements for 3 keys. "
        + "Give one list for all keys, or one for each."
    ),
    (
      "put --join h:1 --model m --table t --key 1 --values 1,,2",
      "--values: '' is not a number. Write numbers as x,y,…."
    ),
    (
      "put --join h:1 --model m --table t --key 1 --values 1 --durability replicas=0",
      "--durability: '0' is not a whole number from 1 to 65535. Give one, in decimal digits."
    ),
    (
      "put --join h:1 --model m --table t --key 1 --values 1 --durability all",
      "--durability: 'all' is unknown. Use one of primary, replicas=N, data-centers=N."
    ),
  ])
  func `a wrong line is refused with one sentence`(line: String, message: String) {
    let failure = self.failure(line)

    #expect(failure?.line == "ekko-node: " + message)
    #expect(failure?.exitCode == .usage)
  }

  @Test(arguments: ["nan", "inf", "-infinity", "1e999"])
  func `a value that is no finite number is bad input`(value: String) {
    let failure = self.failure("put --join h:1 --model m --table t --key 1 --values 1,\(value)")

    #expect(failure?.exitCode == .badInput)
  }

  @Test func `an empty word, a lone dash and an empty line are refused`() {
    for words in [[""], ["-"], [], ["get", ""], ["--role", "training", "--data-center", "a b"]] {
      do throws(Failure) {
        let command = try CommandLineParser.parse(words)
        Issue.record("\(words) was understood as \(command)")
      } catch {
        #expect(error.exitCode == .usage)
      }
    }
  }

  @Test func `no words make it trap, and every refusal is one line`() {
    var generator = SplitMix64(seed: 20_240_607)
    let pieces =
      Flag.allCases.map(\.rawValue) + Verb.allCases.map(\.rawValue) + [
        "=", ",", ":", "h:1", "[::1]:7", "1", "-1", "1e400", "\n", "\u{1B}[2J", "é", "\u{202E}",
        "--",
        "training", "criteo", "m", "primary", "replicas=", "\u{0}",
      ]
    for _ in 0..<20_000 {
      var words: [String] = []
      for _ in 0..<Int.random(in: 0...6, using: &generator) {
        var word = ""
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
          word += pieces[Int.random(in: 0..<pieces.count, using: &generator)]
        }
        words.append(word)
      }
      do throws(Failure) {
        _ = try CommandLineParser.parse(words) { path throws(Failure) in Array(path.utf8) }
      } catch {
        #expect(error.line == error.line.printable(), "words: \(words)")
        #expect(error.line.hasPrefix("ekko-node: ") && error.line.hasSuffix("."))
        #expect([.usage, .configuration, .badInput].contains(error.exitCode), "words: \(words)")
      }
    }
  }
}

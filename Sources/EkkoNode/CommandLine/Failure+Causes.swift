package import EkkoClient
package import EkkoRecommender
package import EkkoStorage
package import EkkoTransport
internal import Glibc

/// What the errors of the layers below mean for the person at the terminal (DESIGN §12).
extension Failure {
  /// A click log, or another file that is read whole.
  package init(_ error: ClickLogError, file: String) {
    switch error {
    case .unreadable(let path, let code):
      self.init(
        what: "cannot read \(path)", why: Self.reason(ofSystemError: code),
        doThis: code == ENOENT ? "Check the path" : "Name a file that can be read",
        exitCode: .fileTrouble)
    case .binary, .wrongFormat, .lineTooLong:
      self.init(
        what: file, why: error.description,
        doThis: "Name a click log in text, and its --format", exitCode: .badInput)
    }
  }

  /// A click log of which not one row could be used.
  package init(allSkipped skipped: SkippedRows, file: String, format: ClickLogFormat) {
    let isEmpty = skipped.count == 0
    self.init(
      what: file,
      why: isEmpty
        ? "it has no rows" : "none of its \(skipped.count) rows is a \(format.rawValue) row",
      doThis: isEmpty ? "Name a click log with rows" : "Check --format", exitCode: .badInput)
  }

  package init(_ error: FileError) {
    let doThis =
      switch error.reason {
      case .missing: "Check the path"
      case .notADirectory: "Name a directory"
      case .permission: "Check who owns it and its mode"
      case .diskFull: "Make room and start again"
      case .invalidName: "Choose another name"
      case .inUse: "Stop the other process, or choose another directory"
      case .other: "Check the disk"
      }
    let what = "cannot \(error.call.rawValue) \(error.path)"
    // The description is the same words, a colon and the reason.
    self.init(
      what: what, why: String(error.description.dropFirst(what.count + 2)), doThis: doThis,
      exitCode: .fileTrouble)
  }

  /// A snapshot in a node's directory that cannot be used. Starting without it could lose what only it
  /// holds, and would write over it.
  package init(snapshot name: String, in directory: String, _ error: SnapshotError) {
    self.init(
      what: "cannot load \(name) in \(directory)", why: error.description,
      doThis: "Restore the file, or move it away to take the shard from peers",
      exitCode: .badInput)
  }

  /// A node whose directory cannot be taken up.
  init(_ error: UnusableFiles, in directory: String) {
    func unusable(_ why: String, _ doThis: String, _ code: ExitCode) -> Failure {
      Failure(what: "cannot use \(directory)", why: why, doThis: doThis, exitCode: code)
    }
    self =
      switch error {
      case .file(let error): Failure(error)
      case .damagedRecord(let name):
        unusable(
          "\(name), which says whose it is, is damaged",
          "Restore the file, or name another directory", .badInput)
      case .missingRecord(let name):
        unusable(
          "it has shards but no \(name) to say whose they are",
          "Restore the file, or name another directory", .badInput)
      case .otherForm(let owner):
        unusable(
          "it belongs to '\(owner)', a node of another role",
          "Start it with its own --role, or name another directory", .usage)
      case .damagedSnapshot(let name, let error):
        Failure(snapshot: name, in: directory, error)
      case .noCatalogue(let name, let error):
        unusable(
          "its node has founded a cluster, whose catalogue \(name) does not load: \(error)",
          "Restore the file, add --join if others keep the catalogue, or name another directory",
          .badInput)
      }
  }

  package init(_ error: SharedSecret.LoadError) {
    func secret(_ path: String, _ why: String, _ doThis: String, _ code: ExitCode) -> Failure {
      Failure(what: "the secret file \(path)", why: why, doThis: doThis, exitCode: code)
    }
    self =
      switch error {
      case .notFound(let path):
        secret(path, "there is no such file", "Check the path", .fileTrouble)
      case .unreadable(let path, let error):
        secret(
          path, Self.reason(ofSystemError: error.code), "Make it readable for this user",
          .fileTrouble)
      case .notAFile(let path):
        secret(path, "it is not a regular file", "Name a file", .configuration)
      case .wrongMode(let path, let mode):
        secret(
          path, "others may read or change it (mode 0\(String(mode, radix: 8)))",
          "Run chmod 600 on it", .configuration)
      case .empty(let path):
        secret(path, "it is empty", "Write a secret of 32 random bytes to it", .configuration)
      case .tooLong(let path, let limit):
        secret(path, "it is longer than \(limit) bytes", "Name a secret", .configuration)
      }
  }

  package init(_ refusal: BindPolicy.Refusal) {
    switch refusal {
    case .secretRequired(let endpoint):
      self.init(
        what: "cannot listen on \(endpoint)", why: "other machines can reach it without a secret",
        doThis: "Add --secret-file FILE, or listen on 127.0.0.1", exitCode: .configuration)
    }
  }

  /// A node that would list an address that stands for all of them.
  package init(unadvertised endpoint: Endpoint) {
    self.init(
      what: "cannot listen on \(endpoint)", why: "other nodes cannot reach it by that address",
      doThis: "Add --advertise HOST, the address they are to use", exitCode: .configuration)
  }

  /// A node or a listener that could not take its address.
  package init(listeningOn endpoint: Endpoint, _ error: TransportError) {
    let (why, doThis, code): (String, String, ExitCode) =
      switch error {
      case .addressInUse:
        ("the port is in use", "Give another with --listen, or stop its user", .configuration)
      case .addressUnavailable:
        ("no interface of this machine has that address", "Correct --listen", .configuration)
      case .nameNotFound(let name):
        ("the name '\(name)' was not found", "Correct --listen", .configuration)
      case .permissionDenied:
        ("permission was denied", "Give a port above 1023 with --listen", .configuration)
      case .resourcesExhausted:
        ("the system has no descriptor or memory left", "Raise 'ulimit -n'", .failure)
      case .refused, .unreachable, .timedOut, .reset, .closed, .cancelled, .system:
        ("the system answered '\(error)'", "Try another address with --listen", .failure)
      }
    self.init(
      what: "cannot listen on \(endpoint)", why: why, doThis: doThis, exitCode: code)
  }

  /// A call to the cluster that a verb made.
  ///
  /// - Parameter doing: what was tried, such as `cannot read table 'wide'`.
  package init(_ error: EkkoError, doing what: String) {
    let (doThis, code): (String, ExitCode) =
      switch error {
      case .unreachable, .tooLate:
        ("Check that a node runs there, or raise --timeout", .unavailable)
      case .notJoined:
        ("Check the --join it was started with, or raise --timeout", .unavailable)
      case .partiallyApplied:
        ("See which with 'ekko-node get', then write the rest", .unavailable)
      case .unknownModel: ("Check --model; 'ekko-node status' lists the models", .usage)
      case .unknownTable: ("Check --table", .usage)
      case .invalid: ("Nothing was written; correct the input", .badInput)
      case .configuration: ("Check --join and --secret-file", .configuration)
      case .notDurable: ("Read it back later, or ask for less --durability", .failure)
      case .uncertain: ("Read the rows to see", .failure)
      case .closed: ("Run the command again", .failure)
      case .malformedReply: ("Run the same version as the cluster", .failure)
      }
    self.init(what: what, why: error.description, doThis: doThis, exitCode: code)
  }

  private static func reason(ofSystemError code: CInt) -> String {
    switch code {
    case ENOENT, ENOTDIR: "there is no such file"
    case EACCES, EPERM: "permission was denied"
    case EISDIR: "it is a directory"
    case EINVAL: "it is not a regular file"
    default: "system error \(code)"
    }
  }
}

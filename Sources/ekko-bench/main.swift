import CEkko
import EkkoNode
import Glibc

let help = """
  ekko-bench store                         rows written and read at random in one node, beside what the
                                           memory itself can do
  ekko-bench store --keys 1000000 --json

  store: fills one table of a node of one and of two core loops, with 128 and with 1,024 shards, then
  overwrites and reads batches of 4,096 rows of 64 numbers through the shards' actors. Beside each run
  the same cores write and read rows of that size in plain memory, at addresses known ahead: the limit.
    --keys N             rows of the table (default 10000000: about 6 GB with what is measured beside)
    --shards N           only so many (default 128 and 1024)
    --cores N            only so many (default 1 and 2)
    --repeats N          runs of which the median is told (default 5)
    --seed S             of the order of keys (default 1)
    --json               one JSON object per line on stdout

  Exit codes: 0 measured; 1 something could not be measured; 64 usage; 74 stdout is gone.
  """

/// Ends the process as `command` does. A failure is one line on stderr.
func end(_ command: @escaping @Sendable () async throws(Failure) -> Void) -> Never {
  signal(SIGPIPE, SIG_IGN)
  ekko_keep_freed_memory()
  Task.detached {
    do throws(Failure) { try await command() } catch {
      try? StandardStream.error.print(error.line(of: "ekko-bench"))
      exit(error.exitCode.rawValue)
    }
    exit(ExitCode.success.rawValue)
  }
  // Only waits: a main queue would be one thread more beside what is measured.
  while true { pause() }
}

let words = CommandLine.arguments.dropFirst()
let rest = words.dropFirst()
guard let verb = words.first, !words.contains("--help"), !words.contains("-h") else {
  end { () async throws(Failure) in try StandardStream.output.print(help) }
}
switch verb {
case "store":
  end { () async throws(Failure) in try await StoreCommand(rest).run() }
case "budget":
  end { () async throws(Failure) in try await BudgetCommand(rest).run() }
default:
  end { () async throws(Failure) in
    throw FlagValues.unknown(
      verb, "there is no such experiment", among: ["store", "budget"], of: "ekko-bench")
  }
}

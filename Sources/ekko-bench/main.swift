import CEkko
import EkkoNode
import Glibc

let help = """
  ekko-bench store                         rows written and read at random in one node, beside what the
                                           memory itself can do
  ekko-bench store --keys 1000000 --json
  ekko-bench store --against redis://127.0.0.1:6379
                                           and the same over sockets, beside a running Redis
  ekko-bench replicate                     a primary that replicas pull from, beside what the loopback
                                           itself can carry
  ekko-bench replicate --thin-link         and a replica behind a link of 100 Mbit/s (as root)

  store: fills one table of a node of one and of two core loops, with 128 and with 1,024 shards, then
  overwrites and reads batches of 4,096 rows of 64 numbers through the shards' actors. Beside each run
  the same cores write and read rows of that size in plain memory, at addresses known ahead: the limit;
  with one core and two it tells how much of what the limit gains by the second the store gains. The
  longest batch while filling stands beside the longest wait for memory that nobody had touched before.
  Then what a shard's update cache takes of a processor: for each row that is overwritten, and for each
  that is selected from it for an answer, in a shard of 10,000 rows and in one of 100,000.
    --keys N             rows of the table (default 10000000: about 6 GB with what is measured beside)
    --shards N           only so many (default 128 and 1024)
    --cores N            only so many (default 1 and 2)
    --repeats N          runs of which the median is told (default 5)
    --seed S             of the order of keys (default 1)
    --against redis://HOST:PORT
                         measures SET, MSET, GET and MGET of that Redis with values of the same size, in
                         turn with one node over sockets, both with 1,000,000 keys at most; its own keys
                         there begin with ekko-bench: and are taken away at the end
    --json               one JSON object per line on stdout

  replicate: starts a primary and 0, 1 and 2 replicas as processes of their own and writes rows of 64
  numbers to the primary through the client: as many as it takes, and a quarter of what it takes
  without replicas. Then lookups at a replica that pulls half of its primary's maximum, beside those at
  an idle one, and beside what two bare sockets make of the same load. Then the writes once more, all
  in one process.
    --keys N             rows of the table (default 1000000)
    --rows-per-write N   (default 1024)
    --workload W         only unique or only hot: every key in turn, or 1,000 keys over and over
    --replicas N         only none and so many (default none, 1 and 2)
    --seconds S          how long each figure is measured (default 1)
    --repeats N          runs of which the median is told (default 5)
    --seed S             of the order of keys (default 1)
    --against redis://HOST:PORT
                         the same with SET and replicas of that Redis, which are started here
    --thin-link          the lag of a replica behind a thin link, with 200,000 overwrites a second of
                         1,000 keys; with --against also that of a Redis and its replica, both of
                         their own
    --json               one JSON object per line on stdout

  budget put|get|answer|apply: does the work of some batches, through the actors of 64 shards with rows
  of 16 numbers, and tells nothing: for a counter of instructions, which compares two runs.
    --batches N          of 4,096 rows (default 16)

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
case "replicate":
  end { () async throws(Failure) in try await ReplicateCommand(rest).run() }
case "budget":
  end { () async throws(Failure) in try await BudgetCommand(rest).run() }
default:
  end { () async throws(Failure) in
    throw FlagValues.unknown(
      verb, "there is no such experiment", among: ["store", "replicate", "budget"],
      of: "ekko-bench")
  }
}

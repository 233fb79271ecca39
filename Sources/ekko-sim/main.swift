import EkkoNode
import Glibc

let help = """
  ekko-sim run --seeds 2000                a cluster, its clients and faults, from each of 2,000 seeds
  ekko-sim replay --seed 17                one of these runs again, with all that is planned for it
  ekko-sim explore                         every state of small clusters, then every planted mistake
  ekko-sim explore --replicas 2 --operations 3 --pulls 3 --losses 1
  ekko-sim explore --trap 36
  ekko-sim mutants                         every planted mistake, found by the seeds of `run`

  run: the product's own nodes and clients run on one thread in virtual time, over a network, disks and
  clocks that go wrong. After every job what it changed is checked (C3 and L3 by samples: one look in
  16, at one node), at the end the whole cluster. Of one seed in 32 a part of the plan is also run without
  faults, as it is and with a method switched off, which must end the same. The founder's disk may be
  full or fail, but keeps what was saved. A run is a function of its seed. A failing one is made small,
  and the line it ends with repeats it. A batch of 1,000 seeds or more also fails if a kind of fault was
  in fewer than 1 % of them, or a branch of a rule was never reached.
    --seed S --seeds N   seeds S … S+N−1 (default 1 and 100)
    --scenario NAME      cluster (default); scale: 1, 10, 30 and 100 data centers of 10 nodes without
                         faults, delays and bytes per link as a table (--seed, --json)
    --planted NAME       with a mistake planted in the product, see mutants
    --json               one JSON object per line on stdout

  replay: prints options, plan, trace hash and failure of one seed.
    --seed S             the seed
    --without …          what of its plan is left out: faults:3-7,9,operations:1-40,nodes:2
    --planted NAME       with a mistake planted in the product, see mutants
    --scenario NAME, --json

  explore: visits every state that a small cluster of shard replicas can reach: all orders of writes,
  deletes, pulls piece by piece, losses, duplicates, restarts with and without a file, and cache
  prunings within each scope, with the invariants checked after every step and convergence where
  nothing is left to happen. Prints the number of distinct states, the depth and the seconds of each
  scope. Then plants mistakes, by their numbers in the catalogue of traps, and sees that each is found.
    --small              every scope but the first, which takes 20 minutes and 4 GB
    --operations N …     one scope: so many operations of --replicas 2 to 6 (default 2), with as many
                         --deletes --pulls --losses --duplicates --restarts --saves --prunings
                         --earlier-puts (default 0) and --concurrent-pulls (default 9); --delays
    --earlier-puts N     what replica 0 has put before all else: its counters are that far ahead
    --delays             messages may be under way for any time; else they arrive as they are sent
    --trap N             one mistake
    --json               one JSON object per line on stdout

  mutants: plants one mistake after the other in the product and runs seeds until one breaks an invariant
  and passes without the mistake. Prints what it broke, where, and what the mistake is. Only in a build
  that has them: swift build -c release --traits PlantedBugs --scratch-path .build-planted.
    --only NAME          one mistake
    --recorded           each at the seed that is recorded for it, where it must break what it broke
                         then; instead of --seed and --seeds
    --seed S --seeds N   at most seeds S … S+N−1 for each (default 0 and 2000)
    --json               one JSON object per line on stdout

  Exit codes: 0 as it should be; 1 an invariant broke, a mistake was not found or broke another
  invariant than expected, or a large batch left something uncovered; 64 usage; 74 stdout is gone.
  """

/// Carries out `command`; a failure is one line on stderr and its exit code.
func end(_ command: () async throws(Failure) -> ExitCode) async -> Never {
  // Nobody reading the output any more is an error to be told, not a signal.
  signal(SIGPIPE, SIG_IGN)
  do throws(Failure) { exit(try await command().rawValue) } catch {
    // Standard error may be closed as well; the exit code still tells.
    try? StandardStream.error.print(error.line(of: "ekko-sim"))
    exit(error.exitCode.rawValue)
  }
}

let verbs = ["run", "replay", "explore", "mutants"]
let words = CommandLine.arguments.dropFirst()
let rest = words.dropFirst()
guard let verb = words.first, !words.contains("--help"), !words.contains("-h") else {
  await end { () throws(Failure) in
    try StandardStream.output.print(help)
    return .success
  }
}
switch verb {
case "run":
  await end { () throws(Failure) in try RunCommand(rest).run() }
case "replay":
  await end { () throws(Failure) in try ReplayCommand(rest).run() }
case "explore":
  await end { () async throws(Failure) in try await ExploreCommand(rest).run() }
case "mutants":
  await end { () throws(Failure) in try MutantsCommand(rest).run() }
default:
  await end { () throws(Failure) in
    throw FlagValues.unknown(verb, "there is no such verb", among: verbs, of: "ekko-sim")
  }
}

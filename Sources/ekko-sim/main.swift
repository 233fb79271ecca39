import Glibc

let help = """
  ekko-sim explore            every scope, then every planted mistake
  ekko-sim explore --replicas 2 --operations 3 --pulls 3 --losses 1
  ekko-sim explore --trap 36

  Visits every state that a small cluster of shard replicas can reach: all orders of writes, deletes,
  pulls piece by piece, losses, duplicates, restarts with and without a file, and cache prunings within
  each scope, with the invariants checked after every step and convergence where nothing is left to
  happen. Prints the number of distinct states, the depth and the seconds of each scope. Then plants
  mistakes, by their numbers in the catalogue of traps, and sees that each is found.

  One scope: --replicas --operations --deletes --pulls --losses --duplicates --restarts --saves
  --prunings --concurrent-pulls --earlier-puts with a number each, --delays without one. One mistake:
  --trap with its number.

  Exit codes: 0 as it should be; 1 an invariant broke, or a planted mistake was not found, or broke
  another invariant than expected (the shortest way is printed); 64 usage.
  """

/// Ends the program with one line on stderr.
func fail(_ message: String) -> Never {
  let line = Array("ekko-sim: \(message)\n".utf8)
  // SAFETY: pointer and count are those of one array, alive during the call.
  _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  exit(64)
}

var arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "explore":
  do {
    let command = try ExploreCommand(arguments: Array(arguments.dropFirst()))
    exit(await command.run() ? 0 : 1)
  } catch {
    fail(error.message)
  }
case nil, "--help", "-h":
  print(help)
case let unknown:
  fail("unknown command: '\(unknown ?? "")'. Try 'ekko-sim --help'.")
}

import CEkko
import Dispatch
import EkkoBenchmark
import EkkoNode

ekko_keep_freed_memory()
let done = DispatchSemaphore(value: 0)
Task.detached {
  var experiment = StoreExperiment()
  if CommandLine.arguments.count > 2 {
    experiment.keyCount = Int(CommandLine.arguments[2])!
    experiment.coreCounts = [1]
    if CommandLine.arguments.count > 5 { experiment.rowLength = Int(CommandLine.arguments[5])! }
    experiment.shardCounts = [
      CommandLine.arguments.count > 4 ? UInt32(CommandLine.arguments[4])! : 128
    ]
    if CommandLine.arguments.count > 3 { experiment.repeats = Int(CommandLine.arguments[3])! }
  }
  try await experiment.run { try StandardStream.output.print($0.cells.joined(separator: "  ")) }
  done.signal()
}
done.wait()

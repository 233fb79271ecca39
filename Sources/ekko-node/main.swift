import EkkoNode
import EkkoRecommender

var settings = DemoSettings()
let arguments = CommandLine.arguments
func value(_ flag: String) -> String? {
  arguments.firstIndex(of: flag).map { arguments[$0 + 1] }
}
settings.dataFile = value("--data")
settings.format = value("--format").flatMap(ClickLogFormat.init(rawValue:))
settings.isAloneMeasured = arguments.contains("--measure-alone")
settings.isBaselineWanted = arguments.contains("--baseline")
settings.seconds = value("--seconds").flatMap(Double.init)
settings.dataCentres = value("--data-centers").flatMap(Int.init) ?? 3
settings.replicas = value("--replicas").flatMap(Int.init) ?? 3
settings.seed = value("--seed").flatMap(UInt64.init) ?? 1
let result = try await Demo.run(settings) { print($0) }
dump(result)
print(result.rowsPerSecond, result.rowsPerSecondAlone as Any, result.isGood)

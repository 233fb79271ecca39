// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
]
let sourceSettings = settings + [.strictMemorySafety()]

/// A product target; its dependencies are exactly the arrows it draws, all pointing down.
func library(_ name: String, _ dependencies: [String]) -> Target {
  .target(
    name: name, dependencies: dependencies.map { .init(stringLiteral: $0) },
    swiftSettings: sourceSettings)
}

func program(_ name: String, _ dependencies: [String]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies.map { .init(stringLiteral: $0) },
    swiftSettings: sourceSettings)
}

func tests(_ name: String, _ dependencies: [String]) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: ([name] + dependencies).map { .init(stringLiteral: $0) },
    swiftSettings: settings)
}

let package = Package(
  name: "ekko",
  products: [.library(name: "EkkoClient", targets: ["EkkoClient"])],
  traits: [.trait(name: "PlantedBugs", description: "Mistakes for `ekko-sim mutants` to find.")],
  targets: [
    .target(name: "CEkko"),
    library("EkkoCore", ["CEkko"]),
    library("EkkoTransport", ["EkkoCore", "CEkko"]),
    library("EkkoStorage", ["EkkoCore", "CEkko"]),
    library("EkkoReplication", ["EkkoTransport", "EkkoStorage", "EkkoCore"]),
    library("EkkoClient", ["EkkoReplication", "EkkoTransport", "EkkoStorage", "EkkoCore"]),
    library("EkkoRecommender", ["EkkoStorage", "EkkoCore"]),
    library(
      "EkkoNode",
      [
        "EkkoRecommender", "EkkoClient", "EkkoReplication", "EkkoTransport", "EkkoStorage",
        "EkkoCore", "CEkko",
      ]),
    library(
      "EkkoSimulation",
      [
        "EkkoNode", "EkkoClient", "EkkoReplication", "EkkoTransport", "EkkoStorage", "EkkoCore",
        "CEkko",
      ]),
    library(
      "EkkoBenchmark",
      [
        "EkkoNode", "EkkoClient", "EkkoReplication", "EkkoTransport", "EkkoStorage", "EkkoCore",
        "CEkko",
      ]),
    program("ekko-node", ["EkkoNode"]),
    program("ekko-bench", ["EkkoBenchmark", "EkkoNode", "CEkko"]),
    .executableTarget(
      name: "QuickStart", dependencies: ["EkkoClient"], path: "Examples/QuickStart",
      swiftSettings: sourceSettings),
    .executableTarget(
      name: "FaultInjection", dependencies: ["EkkoSimulation", "EkkoClient"],
      path: "Examples/FaultInjection", swiftSettings: sourceSettings),
    program("ekko-sim", ["EkkoSimulation", "EkkoNode", "EkkoCore"]),
    tests("EkkoCore", []),
    tests("EkkoBenchmark", ["EkkoNode", "EkkoTransport"]),
    tests(
      "EkkoSimulation",
      [
        "EkkoNode", "EkkoClient", "EkkoReplication", "EkkoTransport", "EkkoStorage", "EkkoCore",
        "ekko-sim", "FaultInjection",
      ]),
    tests("EkkoStorage", ["EkkoCore"]),
    tests("EkkoRecommender", ["EkkoStorage", "EkkoCore"]),
    tests(
      "EkkoClient",
      [
        "EkkoSimulation", "EkkoNode", "EkkoReplication", "EkkoTransport", "EkkoStorage",
        "EkkoCore",
      ]),
    tests(
      "EkkoNode",
      [
        "EkkoSimulation", "EkkoRecommender", "EkkoClient", "EkkoReplication", "EkkoTransport",
        "EkkoStorage", "EkkoCore", "ekko-node",
      ]),
    tests("EkkoReplication", ["EkkoSimulation", "EkkoTransport", "EkkoStorage", "EkkoCore"]),
    tests("EkkoTransport", ["EkkoCore"]),
  ],
  swiftLanguageModes: [.v6]
)

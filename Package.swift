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

func program(_ name: String, _ dependencies: [String], path: String? = nil) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies.map { .init(stringLiteral: $0) }, path: path,
    swiftSettings: sourceSettings)
}

func tests(_ name: String, _ dependencies: [String]) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: ([name] + dependencies).map { .init(stringLiteral: $0) },
    swiftSettings: settings)
}

let package = Package(
  name: "ekko",
  products: [
    .executable(name: "ekko-node", targets: ["ekko-node"]),
    .executable(name: "ekko-sim", targets: ["ekko-sim"]),
    .library(name: "EkkoClient", targets: ["EkkoClient"]),
    .library(name: "EkkoNode", targets: ["EkkoNode"]),
  ],
  targets: [
    .target(name: "CEkko"),
    library("EkkoCore", ["CEkko"]),
    library("EkkoTransport", ["EkkoCore", "CEkko"]),
    library("EkkoStorage", ["EkkoCore", "CEkko"]),
    library("EkkoReplication", ["EkkoStorage", "EkkoTransport", "EkkoCore"]),
    library("EkkoClient", ["EkkoReplication", "EkkoStorage", "EkkoTransport", "EkkoCore"]),
    library("EkkoRecommender", ["EkkoClient", "EkkoStorage", "EkkoCore"]),
    library(
      "EkkoNode",
      [
        "EkkoRecommender", "EkkoClient", "EkkoReplication", "EkkoStorage", "EkkoTransport",
        "EkkoCore",
      ]),
    library("EkkoSimulation", ["EkkoReplication", "EkkoStorage", "EkkoTransport", "EkkoCore"]),
    program("ekko-node", ["EkkoNode"]),
    program("ekko-sim", ["EkkoSimulation"]),
    tests("EkkoCore", []),
    tests("EkkoStorage", ["EkkoCore"]),
    tests("EkkoRecommender", ["EkkoStorage", "EkkoCore"]),

    tests("EkkoTransport", ["EkkoCore"]),
  ],
  swiftLanguageModes: [.v6]
)

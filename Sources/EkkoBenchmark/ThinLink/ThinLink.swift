internal import Foundation

/// A network of its own on this machine, behind a link of little bandwidth, with a second link beside
/// it that has no limit: what is observed over that one does not disturb what is measured.
struct ThinLink: Sendable {
  let bandwidth: LinkBandwidth
  private let names: Names
  private let addresses: LinkAddresses

  /// The parts of the network, named after this process: several runs do not meet.
  private struct Names: Sendable {
    let space: String
    let thin: (near: String, far: String)
    let wide: (near: String, far: String)

    init(_ process: Int32) {
      self.space = "ekko-bench-\(process)"
      self.thin = ("ekt\(process)n", "ekt\(process)f")
      self.wide = ("ekw\(process)n", "ekw\(process)f")
    }
  }

  /// The near side of the thin link: where a primary listens, in the machine's own network.
  var primaryHost: String { self.addresses.thinNear }
  /// The far side of the link without a limit: where a replica is observed.
  var replicaHost: String { self.addresses.wideFar }
  /// Puts a program behind the link.
  var prefix: [String] { ["ip", "netns", "exec", self.names.space] }

  /// Makes the network. `remove` must follow.
  static func make(bandwidth: LinkBandwidth) async throws(ThinLinkTrouble) -> ThinLink {
    guard geteuid() == 0 else { throw .notRoot }
    let process = getpid()
    let link = ThinLink(
      bandwidth: bandwidth, names: Names(process), addresses: LinkAddresses(number: process))
    do throws(ThinLinkTrouble) {
      for command in link.commands { try await SystemCommand.run(command) }
    } catch {
      await link.remove()
      throw error
    }
    return link
  }

  /// Takes it all away again, also in a task that was cancelled, and what was not made.
  func remove() async {
    // An interface goes with the other side of its link, and both with the network they are in.
    // Nothing more can be done if that fails.
    try? await SystemCommand.run(["ip", "netns", "delete", self.names.space])
    for name in [self.names.thin.near, self.names.wide.near] {
      try? await SystemCommand.run(["ip", "link", "delete", name])
    }
  }

  /// What has gone over the thin link towards the replica.
  func sentByteCount() throws -> UInt64 {
    let path = "/sys/class/net/\(self.names.thin.near)/statistics/tx_bytes"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    guard let count = UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
      throw ThinLinkTrouble.failed("read \(path)", why: "it is no number")
    }
    return count
  }

  private var commands: [[String]] {
    let space = self.names.space
    let addresses = self.addresses
    var commands = [["ip", "netns", "add", space]]
    for (names, near, far) in [
      (self.names.thin, addresses.thinNear, addresses.thinFar),
      (self.names.wide, addresses.wideNear, addresses.wideFar),
    ] {
      commands += [
        [
          "ip", "link", "add", names.near, "type", "veth", "peer", "name", names.far, "netns",
          space,
        ],
        ["ip", "address", "add", "\(near)/30", "dev", names.near],
        ["ip", "link", "set", names.near, "up"],
        ["ip", "-n", space, "address", "add", "\(far)/30", "dev", names.far],
        ["ip", "-n", space, "link", "set", names.far, "up"],
      ]
    }
    commands += [
      ["ip", "-n", space, "link", "set", "lo", "up"],
      [
        "tc", "qdisc", "add", "dev", self.names.thin.near, "root", "tbf", "rate",
        "\(self.bandwidth.megabitsPerSecond)mbit", "burst", "64k", "latency", "50ms",
      ],
    ]
    return commands
  }
}

/// How much a link carries.
struct LinkBandwidth: Hashable, Sendable {
  let megabitsPerSecond: Int

  var bytesPerSecond: Double { Double(self.megabitsPerSecond) * 125_000 }
}

/// Addresses out of those that are set aside for benchmarks (RFC 2544).
struct LinkAddresses: Hashable, Sendable {
  let thinNear: String
  let thinFar: String
  let wideNear: String
  let wideFar: String

  /// - Parameter number: of the run; 16,384 of them differ.
  init(number: Int32) {
    let block = Int(number.magnitude) % 16_384
    let (third, fourth) = (block / 64, block % 64 * 4)
    self.thinNear = "198.18.\(third).\(fourth + 1)"
    self.thinFar = "198.18.\(third).\(fourth + 2)"
    self.wideNear = "198.19.\(third).\(fourth + 1)"
    self.wideFar = "198.19.\(third).\(fourth + 2)"
  }
}

/// Why there is no thin link; each reads as one sentence.
package enum ThinLinkTrouble: Error, Hashable, Sendable, CustomStringConvertible {
  case notRoot
  /// A command, and what it said.
  case failed(String, why: String)

  package var description: String {
    switch self {
    case .notRoot: "a network behind a thin link can only be made by root"
    case .failed(let command, let why): "'\(command)' failed: \(why)"
    }
  }
}

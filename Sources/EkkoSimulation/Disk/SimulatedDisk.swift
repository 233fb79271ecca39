internal import EkkoCore
package import EkkoStorage

/// A disk of the simulated world behind the product's `FileStore`: it outlives the processes that use
/// it, and can be copied, put back, emptied and made faulty.
///
/// One process at a time has a store on it. Published files are on the disk; a file being written
/// belongs to its process and goes with it. A fault is counted in `fired` when the product meets it:
/// when a call fails or is late, when damaged bytes are read, when a name does not show what was
/// published under it.
// SAFETY (Sendable): touched on the simulation's thread only, see `Simulation`.
package final class SimulatedDisk: @unchecked Sendable {
  /// The published files at one moment.
  package struct Copy: Sendable {
    fileprivate let files: [String: File]
  }

  struct File: Sendable {
    var content: [UInt8]
    /// What is wrong with the bytes, until the product has met it.
    var damages: [Damage] = []
  }

  struct Damage: Sendable {
    let fault: DiskFault
    /// The place whose reading shows it; `nil` if opening the file does.
    let offset: Int?
  }

  /// One change of the names, as long as a power cut may undo it.
  struct Change {
    let time: Int64
    let name: String
    let former: File?
  }

  /// A name that does not show what was published under it last.
  struct Lie {
    let fault: DiskFault
    /// Whether the list of names shows it.
    let isListed: Bool
  }

  package let name: String
  /// How often each fault has met the product.
  package private(set) var fired: [DiskFault: Int] = [:]
  /// Whether it has always shown what was published: no fault was ever switched on, nothing put back.
  package private(set) var isSound = true
  /// How long before a power cut a publish may have been for the torn, lost and undone ones.
  package var unsyncedWindow = Duration.seconds(1)

  let simulation: Simulation
  var generator: SplitMix64
  var files: [String: File] = [:]
  var changes: [Change] = []
  var lies: [String: Lie] = [:]
  private var armed: [DiskFault: Double] = [:]
  private var holder: SimulatedProcess?

  package init(_ simulation: Simulation, name: String = "disk") {
    self.simulation = simulation
    self.name = name
    self.generator = simulation.makeGenerator()
  }

  /// The disk as `process` sees it, to the end of its life.
  package func store(for process: SimulatedProcess) -> any FileStore {
    if self.holder !== process {
      self.checkFree()
      self.holder = process
      process.whenDying { self.cutPower() }
    }
    return SimulatedFileStore(self, process)
  }

  private func checkFree() {
    guard let holder = self.holder else { return }
    precondition(holder.isDead, "\(self.name) is in use by \(holder.name)")
  }

  // MARK: Copies

  /// What is published now: an older state to start again from, or the state of a clone.
  package func copy() -> Copy { Copy(files: self.files) }

  package func holds(_ copy: Copy) -> Bool {
    self.files.mapValues(\.content) == copy.files.mapValues(\.content)
  }

  /// Makes the disk hold what `copy` does. Nobody may be using it.
  package func restore(_ copy: Copy) {
    self.isSound = false
    self.checkFree()
    self.replaceAll(with: copy.files)
  }

  /// Makes it a new, empty disk. Nobody may be using it.
  package func wipe() {
    self.checkFree()
    self.replaceAll(with: [:])
  }

  private func replaceAll(with files: [String: File]) {
    self.files = files
    self.changes = []
    self.lies = [:]
  }

  // MARK: Faults

  /// Switches a fault on: from now on each call it is about, or each power cut, meets it with
  /// probability `chance`. `bitFlip` happens once, at this moment, if there is a file.
  package func arm(_ fault: DiskFault, chance: Double = 1) {
    self.isSound = false
    if fault == .bitFlip {
      if self.generator.chance(chance) { self.flipBit() }
    } else {
      self.armed[fault] = chance
    }
  }

  package func disarm(_ fault: DiskFault) { self.armed[fault] = nil }

  /// Whether the fault is to happen now.
  func strikes(_ fault: DiskFault) -> Bool {
    guard let chance = self.armed[fault] else { return false }
    return self.generator.chance(chance)
  }

  func fire(_ fault: DiskFault) { self.fired[fault, default: 0] += 1 }

  /// The error of a call that meets `fault` now.
  func failure(
    _ fault: DiskFault, in call: FileError.Call, of name: String, code: CInt
  ) -> FileError? {
    guard self.strikes(fault) else { return nil }
    self.fire(fault)
    return self.error(call, name, code: code)
  }

  func error(_ call: FileError.Call, _ name: String, code: CInt) -> FileError {
    FileError(path: "/\(self.name)/\(name)", call: call, code: code)
  }
}

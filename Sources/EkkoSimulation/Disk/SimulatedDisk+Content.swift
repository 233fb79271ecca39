internal import EkkoCore
internal import EkkoStorage

/// What happens to the published files: changes by the product, damage by faults.
extension SimulatedDisk {
  // MARK: By the product

  var sortedNames: [String] { self.files.keys.sorted() }

  /// Shows `content` under `name`, or under another snapshot's if the write goes astray.
  func publish(_ content: [UInt8], as name: String) {
    if self.strikes(.misdirectedWrite), let other = self.otherSnapshot(than: name) {
      let damage = Damage(fault: .misdirectedWrite, offset: nil)
      self.change(other, to: File(content: content, damages: [damage]))
      self.lies[name] = Lie(fault: .misdirectedWrite, isListed: self.files[name] == nil)
    } else {
      self.change(name, to: File(content: content))
    }
  }

  /// - Returns: whether there was such a file.
  func delete(_ name: String) -> Bool {
    if self.lies[name]?.isListed == true { self.meet(name) }
    guard self.files[name] != nil else { return false }
    self.change(name, to: nil)
    return true
  }

  private func change(_ name: String, to file: File?) {
    let now = self.simulation.now
    let horizon = now - self.unsyncedWindow.wholeNanoseconds
    self.changes.removeAll { $0.time < horizon }
    self.changes.append(Change(time: now, name: name, former: self.files[name]))
    self.files[name] = file
    self.lies[name] = nil
  }

  /// The product looks a name up: it notices a file that is not the last one of that name.
  func meet(_ name: String) {
    if let lie = self.lies.removeValue(forKey: name) { self.fire(lie.fault) }
  }

  /// The product lists the names.
  func meetNames() {
    for name in self.lies.keys.sorted() where self.lies[name]?.isListed == true { self.meet(name) }
  }

  /// The product opens a file: its length, and whose it is, can be seen from now on.
  func open(_ name: String) -> File? {
    self.meet(name)
    guard var file = self.files[name] else { return nil }
    for damage in file.damages where damage.offset == nil { self.fire(damage.fault) }
    file.damages.removeAll { $0.offset == nil }
    self.files[name] = file
    return file
  }

  /// The product has read the bytes of `range` of a file it opened as `name`.
  func meetDamage(of file: File, in range: Range<Int>, name: String) {
    let met = file.damages.filter { $0.offset.map(range.contains) ?? false }
    guard !met.isEmpty else { return }
    for damage in met { self.fire(damage.fault) }
    // Only the first reading counts, unless another file has the name by now.
    guard self.files[name]?.content == file.content else { return }
    self.files[name]?.damages.removeAll { $0.offset.map(range.contains) ?? false }
  }

  private func otherSnapshot(than name: String) -> String? {
    let others = self.sortedNames.filter {
      $0 != name && $0.hasSuffix(ShardSnapshot.nameSuffix)
    }
    return others.isEmpty ? nil : others[self.generator.below(others.count)]
  }

  // MARK: By faults

  func flipBit() {
    let names = self.sortedNames.filter { self.files[$0]?.content.isEmpty == false }
    guard !names.isEmpty else { return }
    let name = names[self.generator.below(names.count)]
    let count = self.files[name]?.content.count ?? 0
    let offset = self.generator.below(count)
    self.files[name]?.content[offset] ^= 1 << UInt8(self.generator.below(8))
    self.files[name]?.damages.append(Damage(fault: .bitFlip, offset: offset))
  }

  /// What a power cut does to changes that the disk had only claimed to be durable.
  func cutPower() {
    let horizon = self.simulation.now - self.unsyncedWindow.wholeNanoseconds
    self.changes.removeAll { $0.time < horizon }
    if !self.changes.isEmpty, self.strikes(.lostUnsynced) {
      for _ in 0...self.generator.below(self.changes.count) {
        if let change = self.changes.popLast() { self.undo(change, .lostUnsynced) }
      }
    }
    if !self.changes.isEmpty, self.strikes(.renameLost) {
      let place = self.generator.below(self.changes.count)
      let change = self.changes[place]
      // What came later under the same name is durable, and all that can be seen.
      if !self.changes[(place + 1)...].contains(where: { $0.name == change.name }) {
        self.changes.remove(at: place)
        self.undo(change, .renameLost)
      }
    }
    if !self.changes.isEmpty, self.strikes(.tornWrite) {
      let change = self.changes[self.generator.below(self.changes.count)]
      self.tear(change.name)
    }
    self.changes = []
  }

  private func undo(_ change: Change, _ fault: DiskFault) {
    let isListed = (self.files[change.name] == nil) != (change.former == nil)
    self.files[change.name] = change.former
    self.lies[change.name] = Lie(fault: fault, isListed: isListed)
  }

  private func tear(_ name: String) {
    guard let count = self.files[name]?.content.count, count > 0 else { return }
    let kept = self.generator.below(count)
    self.files[name]?.content.removeLast(count - kept)
    self.files[name]?.damages = [Damage(fault: .tornWrite, offset: nil)]
  }
}

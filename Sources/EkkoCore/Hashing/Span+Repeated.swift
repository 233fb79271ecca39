extension Span where Element == UInt64 {
  /// The place of the first element that was there before; `nil` if all are distinct.
  package var firstRepeatedPlace: Int? {
    guard self.count > 1 else { return nil }
    // A table of places, at most half full, with linear probing.
    let bits = Int.bitWidth - (2 * self.count - 1).leadingZeroBitCount
    var table = [UInt32](repeating: 0, count: 1 << bits)
    var places = table.mutableSpan
    let last = places.count - 1
    for place in self.indices {
      let key = self[place]
      var probe = Int(truncatingIfNeeded: SplitMix64.mix(key) >> (64 - UInt64(bits)))
      while places[probe] != 0 {
        if self[Int(places[probe]) - 1] == key { return place }
        probe = (probe + 1) & last
      }
      places[probe] = UInt32(place + 1)
    }
    return nil
  }
}

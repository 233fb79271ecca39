/// One figure measured several times in one run.
package struct Samples: Hashable, Sendable {
  private let ascending: [Double]

  /// - Precondition: there is one at least.
  package init(_ values: some Sequence<Double>) {
    self.ascending = values.sorted()
    precondition(!self.ascending.isEmpty, "a figure that was not measured")
  }

  package var median: Double {
    let middle = self.ascending.count / 2
    return self.ascending.count.isMultiple(of: 2)
      ? (self.ascending[middle - 1] + self.ascending[middle]) / 2 : self.ascending[middle]
  }

  package var low: Double { self.ascending[0] }
  package var high: Double { self.ascending[self.ascending.count - 1] }
  package var count: Int { self.ascending.count }

  /// The least sample that is not below this part of them, as 0.99 of all.
  package func quantile(_ part: Double) -> Double {
    let place = Int((part * Double(self.ascending.count)).rounded(.up)) - 1
    return self.ascending[min(max(place, 0), self.ascending.count - 1)]
  }
}

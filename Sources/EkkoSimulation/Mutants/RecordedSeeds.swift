#if PlantedBugs
  package import EkkoCore

  /// For each planted mistake the first seed that was seen to find it, so that the continuous check
  /// needs one run for each. A change of the scenario moves them: `ekko-sim mutants` finds the new ones.
  package enum RecordedSeeds {
    package static func seed(of bug: PlantedBug) -> UInt64? { Self.seeds[bug] }

    private static let seeds: [PlantedBug: UInt64] = [:]
  }
#endif

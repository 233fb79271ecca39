#if PlantedBugs
  internal import EkkoCore
  internal import EkkoStorage

  extension StoreNode {
    /// The life of a node that starts: never seen before, unless a mistake is planted.
    static func plantedIncarnation(
      for configuration: NodeConfiguration, runtime: Runtime
    ) async -> IncarnationID {
      let drawn = runtime.drawIncarnation()
      let name = NodeID(name: configuration.name).rawValue
      switch PlantedBug.active {
      case .identityWithoutState:
        return IncarnationID(rawValue: name)
      case .identityKeptWithDisk:
        return await Self.keptIncarnation(in: configuration.files, otherwise: drawn)
      case .shardVersionCounterLost:
        return IncarnationID(rawValue: name & ~0xFFFF_FFFF | drawn.rawValue & 0xFFFF_FFFF)
      default:
        return drawn
      }
    }

    private static func keptIncarnation(
      in files: (any FileStore)?, otherwise drawn: IncarnationID
    ) async -> IncarnationID {
      guard let files else { return drawn }
      let name = "incarnation.ekko"
      if let bytes = try? await files.open(name).read(upTo: 8) {
        var reader = ByteReader(bytes.span)
        if let kept = try? reader.readIncarnation() { return kept }
      }
      var writer = ByteWriter()
      writer.write(drawn)
      // On a disk that does not take it the next life is another one.
      guard let file = try? await files.create(name) else { return drawn }
      try? await file.append(writer.bytes)
      try? await file.publish()
      return drawn
    }
  }
#endif

package import EkkoCore
package import EkkoTransport

/// Why a node did not do what a client asked. Unless a case says otherwise, nothing was applied.
package enum RequestFailure: Error, Hashable, Sendable {
  /// Try again after so long, with the same sequence: parts already applied are not applied twice.
  case busy(retryAfter: Duration)
  /// The request itself is wrong; a sentence that names the table and key.
  case invalid(String)
  case unknownModel(String)
  case unknownTable(String)
  /// Another node does this: ask there, if it is known where.
  case elsewhere(Endpoint?)
  /// The catalogue the client went by is out of date.
  case staleEpoch
  /// Too old to tell whether it was applied.
  case outsideWindow
  /// Applied at the primary, but not confirmed by as many others as asked for in time.
  case notDurable
  /// The deadline passed before the replica had what the session demands, or that is lost.
  case tooLate
  /// The bytes were no request.
  case malformed

  private enum Code: UInt8 {
    case busy = 1
    case invalid = 2
    case unknownModel = 3
    case unknownTable = 4
    case elsewhere = 5
    case staleEpoch = 6
    case outsideWindow = 7
    case notDurable = 8
    case tooLate = 9
    case malformed = 10
  }

  package func encode(into writer: inout ByteWriter) {
    switch self {
    case .busy(let retryAfter):
      writer.write(Code.busy.rawValue)
      writer.write(UInt32(clamping: retryAfter.wholeNanoseconds / 1_000_000))
    case .invalid(let why):
      writer.write(Code.invalid.rawValue)
      writer.write(text: why)
    case .unknownModel(let name):
      writer.write(Code.unknownModel.rawValue)
      writer.write(text: name)
    case .unknownTable(let name):
      writer.write(Code.unknownTable.rawValue)
      writer.write(text: name)
    case .elsewhere(let endpoint):
      writer.write(Code.elsewhere.rawValue)
      writer.write(text: endpoint?.host ?? "")
      writer.write(endpoint?.port ?? 0)
    case .staleEpoch: writer.write(Code.staleEpoch.rawValue)
    case .outsideWindow: writer.write(Code.outsideWindow.rawValue)
    case .notDurable: writer.write(Code.notDurable.rawValue)
    case .tooLate: writer.write(Code.tooLate.rawValue)
    case .malformed: writer.write(Code.malformed.rawValue)
    }
  }

  package init(from reader: inout ByteReader) throws(WireError) {
    let raw = try reader.readUInt8()
    guard let code = Code(rawValue: raw) else {
      throw .invalidValue(field: .errorCode, value: UInt64(raw))
    }
    switch code {
    case .busy: self = .busy(retryAfter: .milliseconds(Int64(try reader.readUInt32())))
    case .invalid: self = .invalid(try reader.readText(limit: 4096))
    case .unknownModel: self = .unknownModel(try reader.readText())
    case .unknownTable: self = .unknownTable(try reader.readText())
    case .elsewhere:
      let host = try reader.readText()
      let port = try reader.readUInt16()
      self = .elsewhere(host.isEmpty ? nil : Endpoint(host: host, port: port))
    case .staleEpoch: self = .staleEpoch
    case .outsideWindow: self = .outsideWindow
    case .notDurable: self = .notDurable
    case .tooLate: self = .tooLate
    case .malformed: self = .malformed
    }
  }
}

/// Every flag that some verb takes, by its name on the command line.
enum Flag: String, CaseIterable, Hashable, Sendable {
  case role = "--role"
  case dataCentre = "--data-center"
  case zone = "--zone"
  case listen = "--listen"
  case advertise = "--advertise"
  case join = "--join"
  case data = "--data"
  case secretFile = "--secret-file"
  case configuration = "--config"
  case logFormat = "--log-format"
  case format = "--format"
  case baseline = "--baseline"
  case measureAlone = "--measure-alone"
  case dataCentres = "--data-centers"
  case replicas = "--replicas"
  case processes = "--processes"
  case seed = "--seed"
  case seconds = "--seconds"
  case headless = "--headless"
  case json = "--json"
  case node = "--node"
  case model = "--model"
  case table = "--table"
  case key = "--key"
  case text = "--text"
  case values = "--values"
  case durability = "--durability"
  case follow = "--follow"
  case timeout = "--timeout"
  case help = "--help"

  /// The key that stands for the flag in a configuration file.
  var configurationKey: String {
    String(self.rawValue.dropFirst(2).map { $0 == "-" ? "_" : $0 })
  }
}

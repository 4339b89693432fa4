import Glibc

/// One of the servers that an address names.
struct PostgresPlace: Equatable {
  /// A name, an address or the directory of a socket; nil: libpq's own.
  var host: String?
  /// Of the network, beside the name by which the server and its password are known.
  var address: String?
  var port: String?
  /// It is the only one: the words of the address stand as they are.
  var isWhole = false

  /// In the order of the address. Where libpq has to say what is wrong with the lists, or finds them in a
  /// file of services, it gets them whole.
  static func list(_ words: [String: String], _ defaults: [String: String]) -> [PostgresPlace] {
    func items(_ keyword: String) -> [String] {
      let text = words[keyword] ?? defaults[keyword] ?? ""
      if text.isEmpty { return [] }
      return text.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
    }
    let (hosts, addresses, ports) = (items("host"), items("hostaddr"), items("port"))
    let count = max(hosts.count, addresses.count)
    let isEven = [hosts, addresses, ports].allSatisfy { [0, 1, count].contains($0.count) }
    let isSame = hosts.isEmpty || addresses.isEmpty || hosts.count == addresses.count
    if words["service"] != nil || count == 0 || !isEven || !isSame { return [PostgresPlace(isWhole: true)] }
    func item(_ list: [String], _ index: Int) -> String? {
      let text = list.count == 1 ? list[0] : index < list.count ? list[index] : ""
      return text.isEmpty ? nil : text
    }
    return (0..<count).map {
      PostgresPlace(host: item(hosts, $0), address: item(addresses, $0), port: item(ports, $0))
    }
  }

  /// Nil where there is nothing to look up.
  var nameToLookUp: String? {
    guard let host, address == nil, !host.hasPrefix("/"), !host.hasPrefix("@") else { return nil }
    var room = in6_addr()
    let isNumber =
      unsafe inet_pton(AF_INET, host, &room) == 1 || inet_pton(AF_INET6, host, &room) == 1
    return isNumber ? nil : host
  }

  func at(_ address: String) -> PostgresPlace {
    var place = self
    place.address = address
    return place
  }

  var shown: String {
    let name = [host, address].compactMap { $0 }.joined(separator: " ")
    return (name.isEmpty ? "the server" : name) + (port.map { " port \($0)" } ?? "")
  }

  /// Leaves of lists of servers this one.
  func narrow(_ words: inout [String: String]) {
    if isWhole { return }
    words["host"] = host
    words["hostaddr"] = address
    words["port"] = port
  }
}

import Glibc
import Model
import Store

/// The keys whose values have a form of their own.
extension ConfigReader {
  enum Transports {
    case udpOnly, syslog

    var allowed: [Config.Endpoint.Transport] { self == .udpOnly ? [.udp] : [.udp, .tcp, .tls] }
  }

  /// `udp://ADDRESS[:PORT]`, one or more; for syslog `tcp://` and `tls://` too. `port` is that of
  /// UDP and TCP.
  mutating func endpoints(_ value: YAMLValue, port: UInt16, _ transports: Transports) -> [Config.Endpoint]? {
    guard let items = list(value, limit: 64) else { return nil }
    var endpoints: [Config.Endpoint] = []
    var isWhole = true
    for item in items {
      guard let (text, shown, _) = scalar(item) else {
        isWhole = false
        continue
      }
      let scheme = text.prefix { $0 != ":" }
      let transport = transports.allowed.first { scheme == $0.rawValue && text.contains("://") }
      if let transport,
        var endpoint = Config.Endpoint(
          text.dropFirst(scheme.count + 3), defaultPort: transport == .tls ? 6_514 : port)
      {
        endpoint.transport = transport
        endpoints.append(endpoint)
        continue
      }
      isWhole = false
      if text.contains("://"), transport == nil {
        let supported = transports.allowed.map { "\($0.rawValue)://" }.joined(separator: ", ")
        // What a reference stands for is shown to nobody.
        let named = text == shown ? "\(scheme)://" : "what it begins with"
        report("\(quoted(shown)): \(named) is not supported; supported: \(supported)", at: item)
      } else {
        report(
          "\(quoted(shown)) is no endpoint; write it like udp://0.0.0.0:\(port) or udp://[::]:\(port)",
          at: item)
      }
    }
    return isWhole ? endpoints : nil
  }

  /// A severity of syslog by its name: `emerg` … `debug`.
  mutating func syslogSeverity(_ value: YAMLValue) -> Int8? {
    let names = (Int8(0)...7).map { "\(Syslog.severityName($0) ?? "")" }
    return word(value, of: names).flatMap { names.firstIndex(of: $0) }.map { Int8($0) }
  }

  /// A file; a relative path starts from the folder of the configuration file.
  mutating func path(_ value: YAMLValue) -> String? {
    text(value, limit: 1_024).map { ConfigFile.resolve($0, besides: file) }
  }

  mutating func httpPlace(_ value: YAMLValue) -> (endpoint: Config.Endpoint?, Void)? {
    if case .list(let items) = value.content, items.isEmpty { return (nil, ()) }
    guard let (text, shown, _) = scalar(value) else { return nil }
    guard let endpoint = Config.Endpoint(text[...], defaultPort: 9_162) else {
      return refuse(
        value, "\(quoted(shown)) is no address and port; write it like 127.0.0.1:9162, or [] for none")
    }
    return (endpoint, ())
  }

  mutating func zone(_ value: YAMLValue) -> Zone? {
    guard let (text, shown, _) = scalar(value) else { return nil }
    do {
      return try ConfigZone.load(text)
    } catch {
      return refuse(value, "\(quoted(shown)) \(error.message)")
    }
  }

  mutating func communities(_ value: YAMLValue) -> [Secret]? {
    guard let items = list(value) else { return nil }
    var communities: [Secret] = []
    for item in items {
      guard let text = text(item, limit: 255) else { return nil }
      communities.append(Secret(text))
    }
    if communities.count > 1, communities.contains(Secret("any")) {
      return refuse(value, "any stands alone; [any] lets in every community")
    }
    return communities
  }

  /// Files or directories that are there.
  mutating func existingPaths(_ value: YAMLValue) -> [String]? {
    guard let items = list(value) else { return nil }
    var paths: [String] = []
    for item in items {
      guard let path = path(item) else { return nil }
      guard unsafe access(path, R_OK) == 0 else {
        return refuse(item, "\(path) is not there or cannot be read")
      }
      paths.append(path)
    }
    return paths
  }

  /// `any`, or networks.
  mutating func relays(_ value: YAMLValue) -> (networks: [Network]?, Void)? {
    if case .scalar("any", _) = value.content { return (nil, ()) }
    return networks(value, form: "192.0.2.0/24, or any alone").map { ($0, ()) }
  }

  /// Networks and addresses. `form` is how to write one.
  mutating func networks(_ value: YAMLValue, form: String) -> [Network]? {
    guard let items = list(value, limit: 10_000) else { return nil }
    var networks: [Network] = []
    for item in items {
      guard let (text, shown, _) = scalar(item) else { return nil }
      guard let network = Network(text) else {
        return refuse(item, "\(quoted(shown)) is no network; write it like \(form)")
      }
      if network.hasHostBits { warn("\(quoted(shown)) is taken as \(network)", at: item) }
      networks.append(network)
    }
    return networks
  }

  mutating func storeURL(_ value: YAMLValue) -> Config.Store.Place? {
    guard case .scalar(let written, _) = value.content, let (text, _, _) = scalar(value, isURL: true) else {
      return refuse(value, "must be a single value")
    }
    // The value is not repeated: it may hold a password.
    if text == "sqlite:" { return .embedded }
    guard PostgresAddress.isAddress(text) else {
      return refuse(value, "is no store; supported: sqlite:, postgresql://…")
    }
    do {
      let address = try PostgresAddress(text)
      return .server(
        StoreServer(
          written: written, file: file, environment: secrets.environment, shown: address.shown))
    } catch {
      return refuse(value, error.message)
    }
  }

  mutating func handlings(_ value: YAMLValue) -> [String]? {
    guard let words = texts(value) else { return nil }
    var seen: Set<String> = []
    for word in words {
      guard word.utf8.count <= 50, word.utf8.allSatisfy({ isWordByte($0) }) else {
        return refuse(value, "\(quoted(word)) is no handling; use letters, digits, _ and -, 50 at most")
      }
      guard seen.insert(word.lowercased()).inserted else {
        return refuse(value, "\(quoted(word)) stands here twice")
      }
    }
    return words
  }

  mutating func teamOrder(_ value: YAMLValue) -> [TeamSource]? {
    guard let items = list(value) else { return nil }
    var order: [TeamSource] = []
    for item in items {
      guard let word = word(item, of: ["rule", "device", "default"]),
        let source = TeamSource.allCases.first(where: { "\($0.name)" == word })
      else { return nil }
      guard !order.contains(source) else { return refuse(item, "\(word) stands here twice") }
      order.append(source)
    }
    guard !order.isEmpty else { return refuse(value, "is empty; write [rule, device, default]") }
    return order
  }

  func isWordByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || lowered(byte) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "-")
  }
}

extension Config.Endpoint {
  /// `192.0.2.1:514`, `[2001:db8::1]:514`; without a port `defaultPort`.
  init?(_ text: Substring, defaultPort: UInt16) {
    var host = text
    var port = defaultPort
    if text.first == "[" {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard host.contains(":") else { return nil }
      if !rest.isEmpty {
        guard rest.first == ":", let number = Config.Endpoint.port(rest.dropFirst()) else { return nil }
        port = number
      }
    } else if let colon = text.firstIndex(of: ":") {
      host = text[..<colon]
      guard let number = Config.Endpoint.port(text[text.index(after: colon)...]) else { return nil }
      port = number
    }
    guard let address = IPAddress(String(host)) else { return nil }
    self.init(address, port)
  }

  /// Who can send here: IPv4 and IPv6 hear each other only on the IPv6 wildcard.
  var senders: Network {
    if address.isLoopback {
      return address.v4 == nil
        ? Network(address: address, prefix: 128)
        : Network(address: IPAddress(v4: 127, 0, 0, 0), prefix: 104)
    }
    return address.v4 == nil
      ? Network(address: .unspecified, prefix: 0) : Network(address: IPAddress(v4: 0), prefix: 96)
  }

  private static func port(_ text: Substring) -> UInt16? {
    text.utf8.allSatisfy(isDigit) ? UInt16(text) : nil
  }
}

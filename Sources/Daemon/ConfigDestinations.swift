import Delivery
import Model

/// `destinations`: a list of maps, each with the keys below.
extension ConfigReader {
  /// More destinations than this is a mistake; each has its own task and connections.
  private static var destinationLimit: Int { 64 }

  mutating func destinations(_ value: YAMLValue) -> [Config.Destination]? {
    guard let items = list(value, limit: ConfigReader.destinationLimit) else { return nil }
    let before = problems.count
    var destinations: [Config.Destination] = []
    for (index, item) in items.enumerated() {
      var destination = Config.Destination()
      readMap(item, at: "destinations[\(index)]", keys: DestinationKey.all) { key, value, reader in
        key.read(value, &reader, &destination)
      }
      destination.words = ConfigSecretWords(of: item, self)
      check(destination, at: item, index: index, others: destinations)
      destinations.append(destination)
    }
    checkFallbacks(destinations, items)
    let fallbacks = Set(destinations.compactMap(\.fallback))
    for index in destinations.indices {
      destinations[index].standsIn = fallbacks.contains(destinations[index].name)
    }
    key = "destinations"
    return problems.count == before ? destinations : nil
  }

  /// Reads the keys of one map; what is in no list of `keys` is a problem with the nearest known one.
  private mutating func readMap(
    _ map: YAMLValue, at path: String, keys: [DestinationKey],
    _ read: (DestinationKey, YAMLValue, inout ConfigReader) -> Void
  ) {
    key = path
    guard case .map(let entries) = map.content else {
      return report("must be a map, not \(map.kind)", at: map)
    }
    for entry in entries {
      key = "\(path).\(entry.key)"
      if let known = keys.first(where: { $0.name == entry.key }) {
        if !entry.value.isNull || known.takesNull { read(known, entry.value, &self) }
      } else {
        reportUnknown(entry, "\(path).", among: keys.map { "\(path).\($0.name)" })
      }
    }
  }

  /// `candidates` and the key itself are compared as dotted paths.
  mutating func reportUnknown(_ entry: YAMLValue.Entry, _ prefix: String, among candidates: [String]) {
    let path = prefix + shortened(entry.key)
    let nearest = ConfigSpelling.nearest(path, in: candidates)
    problems.append(
      ConfigProblem(
        file: source, line: entry.line, key: path,
        message: "unknown key" + (nearest.map { "; nearest known: \($0)" } ?? "")))
  }

  func shortened(_ key: String) -> String {
    var safe = ""
    SafeText.appendForTerminal(String(key.prefix(80)), to: &safe)
    return safe
  }

  private mutating func check(
    _ destination: Config.Destination, at item: YAMLValue, index: Int, others: [Config.Destination]
  ) {
    key = "destinations[\(index)]"
    guard case .map(let entries) = item.content else { return }
    for name in ["name", "url"] where !entries.contains(where: { $0.key == name && !$0.value.isNull }) {
      report("needs a \(name)", at: item)
    }
    if !destination.name.isEmpty, others.contains(where: { $0.name == destination.name }) {
      report("a second destination is called \(quoted(destination.name))", at: item)
    }
    checkFormat(destination, at: item)
    if destination.retry.initial > destination.retry.max {
      report("retry.initial is longer than retry.max", at: item)
    }
  }

  private mutating func checkFallbacks(_ destinations: [Config.Destination], _ items: [YAMLValue]) {
    for (index, destination) in destinations.enumerated() {
      guard let fallback = destination.fallback else { continue }
      key = "destinations[\(index)].fallback"
      if fallback == destination.name {
        report("names the destination itself", at: items[index])
      } else if !destinations.contains(where: { $0.name == fallback }) {
        let nearest = ConfigSpelling.nearest(fallback, in: destinations.map(\.name))
        report(
          "no destination is called \(quoted(fallback))" + (nearest.map { "; nearest: \($0)" } ?? ""),
          at: items[index])
      }
    }
  }

  private mutating func checkFormat(_ destination: Config.Destination, at item: YAMLValue) {
    if destination.format == .template, destination.template == nil {
      report("format: template needs a template", at: item)
    }
    if destination.format != .template, destination.template != nil {
      report("template needs format: template", at: item)
    }
    if destination.format != .template, destination.contentType != nil {
      report("content_type needs format: template", at: item)
    }
    if destination.format == .template, let template = destination.template,
      let problem = ConfigTemplate.problem(template, contentType: destination.contentType)
    {
      if problem.isWarning { warn(problem.text, at: item) } else { report(problem.text, at: item) }
    }
    if destination.format == .pagerduty, destination.routingKey == nil {
      report("format: pagerduty needs a routing_key", at: item)
    }
    if destination.format != .pagerduty, destination.routingKey != nil {
      report("routing_key needs format: pagerduty", at: item)
    }
    if destination.webhookOrigin != nil, destination.format != .cloudevents {
      report("webhook_origin needs format: cloudevents", at: item)
    }
    if destination.webhookOrigin != nil, destination.isStdout {
      report("webhook_origin needs a url that can be asked", at: item)
    }
    if destination.tls.key != nil, destination.tls.certificate == nil {
      report("tls.key needs tls.certificate", at: item)
    }
  }

  mutating func template(_ value: YAMLValue) -> Config.Destination.Template? {
    guard let written = text(value) else { return nil }
    let path = ConfigFile.resolve(written, besides: file)
    do {
      let text = try ConfigFile.readText(path, limit: TemplatePayload.limit)
      return Config.Destination.Template(path: path, payload: try TemplatePayload(text))
    } catch let failure as ConfigFile.Failure {
      return refuse(value, "\(path) \(failure.message)")
    } catch let failure as DeliveryError {
      return refuse(value, "\(path) \(failure.message)")
    } catch {
      return refuse(value, "\(path): \(error)")
    }
  }

  /// A DNS name (RFC 1123 §2.1) that stands for all senders of one system.
  mutating func webhookOrigin(_ value: YAMLValue) -> String? {
    guard let name = text(value, limit: 253) else { return nil }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let isName = labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy { isWordByte($0) && $0 != UInt8(ascii: "_") }
    }
    return isName ? name : refuse(value, "must be a DNS name like muttd.example.com")
  }

  /// `application/json`, `text/plain; charset=utf-8`.
  mutating func contentType(_ value: YAMLValue) -> String? {
    guard let type = text(value, limit: 128) else { return nil }
    let name = type.prefix { $0 != ";" }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    let isType = parts.allSatisfy { part in
      !part.isEmpty && part.utf8.allSatisfy { isWordByte($0) || "!#$&^.+".utf8.contains($0) }
    }
    guard parts.count == 2, isType, type.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
      return refuse(value, "\(quoted(type)) is no media type, as text/plain; charset=utf-8 is")
    }
    return type
  }

  /// A file that must be readable now; libcurl would say so only at the first alert.
  mutating func readableFile(_ value: YAMLValue) -> String? {
    guard let written = text(value) else { return nil }
    let path = ConfigFile.resolve(written, besides: file)
    do {
      _ = try ConfigFile.read(path, limit: 1 << 20)
      return path
    } catch {
      return refuse(value, "\(path) \(error.message)")
    }
  }

  mutating func secret(_ value: YAMLValue) -> Secret? {
    text(value, limit: 8_192).map { Secret($0) }
  }

  mutating func proxy(_ value: YAMLValue) -> Secret? {
    guard let url = text(value) else { return nil }
    let schemes = ["http://", "https://", "socks5://", "socks5h://"]
    guard schemes.contains(where: { url.lowercased().hasPrefix($0) }), !url.contains(" ") else {
      return refuse(value, "is no address of a proxy; supported: http://, https://, socks5://, socks5h://")
    }
    return Secret(url)
  }

  /// A map inside a destination. Its keys know the whole destination, so one stands in while it is read.
  mutating func part<Part>(
    _ value: YAMLValue, _ property: WritableKeyPath<Config.Destination, Part>, keys: [DestinationKey]
  ) -> Part {
    var holder = Config.Destination()
    readMap(value, at: key, keys: keys) { key, value, reader in key.read(value, &reader, &holder) }
    return holder[keyPath: property]
  }

  mutating func destinationName(_ value: YAMLValue) -> String? {
    guard let name = text(value, limit: 64) else { return nil }
    guard name.utf8.allSatisfy({ isWordByte($0) || $0 == UInt8(ascii: ".") }) else {
      return refuse(value, "\(quoted(name)) is no name; use letters, digits, '.', '_' and '-'")
    }
    return name
  }

  /// As a destination has it, but for `stdout:`.
  mutating func heartbeatURL(_ value: YAMLValue) -> Secret? {
    guard let url = destinationURL(value) else { return nil }
    if url.revealed == "stdout:" { return refuse(value, "must be http:// or https://") }
    return url
  }

  /// The value is never repeated: it may hold a token.
  mutating func destinationURL(_ value: YAMLValue) -> Secret? {
    guard let url = text(value) else { return nil }
    if url == "stdout:" { return Secret(url) }
    let lowered = url.lowercased()
    guard let scheme = ["https://", "http://"].first(where: { lowered.hasPrefix($0) }) else {
      return refuse(value, "is no address of a webhook; supported: https://, http://, stdout:")
    }
    let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let host = authority.split(separator: "@", omittingEmptySubsequences: false).last, !host.isEmpty,
      host.first != ":", !url.contains(" ")
    else { return refuse(value, "names no host") }
    return Secret(url)
  }

  mutating func headers(_ value: YAMLValue) -> [Config.Destination.Header]? {
    guard case .map(let entries) = value.content, entries.count <= 64 else {
      return refuse(value, "must be a map of at most 64 header names and values")
    }
    var headers: [Config.Destination.Header] = []
    var isWhole = true
    let base = key
    for entry in entries {
      key = "\(base).\(shortened(entry.key))"
      let name = entry.key.lowercased()
      guard !name.isEmpty, name.utf8.allSatisfy({ isWordByte($0) || "!#$%&'*+.^`|~".utf8.contains($0) })
      else {
        report("is no header name", at: entry.value)
        isWhole = false
        continue
      }
      if ConfigReader.ownHeaders.contains(name) || name.hasPrefix("mutt-") {
        report("is set by muttd itself", at: entry.value)
        isWhole = false
        continue
      }
      // One that cannot be had hides none of the others.
      guard let text = text(entry.value, limit: 8_192) else {
        isWhole = false
        continue
      }
      headers.append(Config.Destination.Header(name: entry.key, value: Secret(text)))
    }
    key = base
    return isWhole ? headers : nil
  }

  private static var ownHeaders: Set<String> {
    [
      "content-type", "content-length", "host", "idempotency-key", "transfer-encoding", "connection",
      "expect",
    ]
  }
}

/// One key of a destination.
struct DestinationKey: Sendable {
  let name: String
  /// `null` is a value of its own, not the default.
  let takesNull: Bool
  let read: @Sendable (YAMLValue, inout ConfigReader, inout Config.Destination) -> Void

  init<Value>(
    _ name: String, _ property: any WritableKeyPath<Config.Destination, Value> & Sendable,
    _ read: @escaping @Sendable (YAMLValue, inout ConfigReader) -> Value?
  ) {
    self.name = name
    self.takesNull = false
    self.read = { value, reader, destination in
      if let read = read(value, &reader) { destination[keyPath: property] = read }
    }
  }

  /// A rate, or `null` for none.
  private init(rate name: String) {
    self.name = name
    self.takesNull = true
    self.read = { value, reader, destination in
      if value.isNull {
        destination.rate = nil
      } else if let rate = reader.rate(value) {
        destination.rate = rate
      }
    }
  }

  static let all: [DestinationKey] = [
    DestinationKey("name", \.name) { $1.destinationName($0) },
    DestinationKey("url", \.url) { $1.destinationURL($0) },
    DestinationKey("format", \.format) { $1.choice($0, Config.Destination.Format.self) },
    DestinationKey("template", \.template) { $1.template($0) },
    DestinationKey("content_type", \.contentType) { $1.contentType($0) },
    DestinationKey("webhook_origin", \.webhookOrigin) { $1.webhookOrigin($0) },
    DestinationKey("routing_key", \.routingKey) { $1.secret($0) },
    DestinationKey("headers", \.headers) { $1.headers($0) },
    DestinationKey("fallback", \.fallback) { $1.destinationName($0) },
    DestinationKey("hmac", \.hmac) { $1.secret($0) },
    DestinationKey("tls", \.tls) { $1.part($0, \.tls, keys: DestinationKey.tls) },
    DestinationKey("proxy", \.proxy) { $1.proxy($0) },
    DestinationKey("match", \.match) { $1.part($0, \.match, keys: DestinationKey.match) },
    DestinationKey("raw", \.raw) { $1.flag($0) },
    DestinationKey("timeout", \.timeout) { $1.duration($0, .seconds(1) ... .seconds(300)) },
    DestinationKey("concurrency", \.concurrency) { $1.integer($0, 1...256) },
    DestinationKey(rate: "rate"),
    DestinationKey("breaker", \.breaker) { $1.part($0, \.breaker, keys: DestinationKey.breaker) },
    DestinationKey("retry", \.retry) { $1.part($0, \.retry, keys: DestinationKey.retry) },
    DestinationKey("max_age", \.maxAge) { $1.duration($0, .seconds(60) ... .seconds(30 * 86_400)) },
    DestinationKey("stale_after", \.staleAfter) { $1.duration($0, .seconds(1) ... .seconds(30 * 86_400)) },
  ]

  static let match: [DestinationKey] = [
    DestinationKey("handling", \.match.handling) { $1.texts($0) },
    DestinationKey("team", \.match.team) { $1.texts($0) },
    DestinationKey("environment", \.match.environment) { $1.environments($0) },
    DestinationKey("min_severity", \.match.minSeverity) { $1.integer($0, 0...5) },
  ]

  static let tls: [DestinationKey] = [
    DestinationKey("ca", \.tls.ca) { $1.readableFile($0) },
    DestinationKey("certificate", \.tls.certificate) { $1.readableFile($0) },
    DestinationKey("key", \.tls.key) { $1.readableFile($0) },
  ]

  static let breaker: [DestinationKey] = [
    DestinationKey("failures", \.breaker.failures) { $1.integer($0, 1...1_000) },
    DestinationKey("open", \.breaker.open) { $1.duration($0, .milliseconds(100) ... .seconds(3_600)) },
    DestinationKey("close", \.breaker.close) { $1.integer($0, 1...100) },
  ]

  static let retry: [DestinationKey] = [
    DestinationKey("initial", \.retry.initial) { $1.duration($0, .milliseconds(10) ... .seconds(3_600)) },
    DestinationKey("max", \.retry.max) { $1.duration($0, .milliseconds(10) ... .seconds(3_600)) },
  ]
}

extension ConfigReader {
  fileprivate mutating func environments(_ value: YAMLValue) -> [Environment]? {
    guard let items = list(value) else { return nil }
    var environments: [Environment] = []
    for item in items {
      guard let word = word(item, of: ["prod", "dev"]) else { return nil }
      environments.append(word == "dev" ? .dev : .prod)
    }
    return environments
  }
}

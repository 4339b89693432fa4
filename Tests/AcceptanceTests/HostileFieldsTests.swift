import Foundation
import Testing

/// Every parameter and every posted field that the description of the API has, given what people put there
/// who mean harm: it is looked for as it stands or refused, and nothing of it is done.
@Suite struct HostileFieldsTests {
  /// Texts that mean something to somebody else: a database, a browser, a shell, a terminal, a template.
  private static let texts: [String] = [
    "'", "\"", "' OR '1'='1", "'; DROP TABLE event_audit_log;--", "1; UPDATE alert_rules SET is_active=0",
    "x' UNION SELECT 1,name,3 FROM sqlite_master--", "/* */", "%", "_", "%_%", "*", "\\", "\\'", "?1",
    ":name",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "&lt;b&gt;", "javascript:alert(1)",
    "$(id)", "`id`", "${jndi:ldap://x}", "{{7*7}}", "%s%n", "../../etc/passwd", "é", "\u{202E}abc", "-1",
    "1e999", "18446744073709551616", "null", "true", "[]", "{\"a\":1}", "a&limit=1", "a#b", "a+b",
    "2026-13-45T99:99:99Z", "::ffff:127.0.0.1", "NaN",
  ]

  /// What is no text of one line: it is refused wherever it stands.
  private static let unfit: [(name: String, bytes: [UInt8])] = [
    ("NUL", Array("a\0b".utf8)), ("line feeds", Array("a\r\nSet-Cookie: x".utf8)),
    ("escape", Array("\u{1B}]2;x\u{07}".utf8)), ("delete", [0x61, 0x7F]),
    ("invalid UTF-8", [0x61, 0xFF, 0xFE]),
    ("overlong", [0xC0, 0xAE]), ("a surrogate", [0xED, 0xA0, 0x80]), ("nothing", []),
    ("300 letters", [UInt8](repeating: 0x78, count: 300)),
  ]

  /// What stands in a request as it is. All of it is no HTTP, no percent-encoding, or too long.
  private static let raw: [(name: String, bytes: [UInt8])] = [
    ("half an escape", Array("a%".utf8)), ("no digits", Array("%zz".utf8)),
    ("encoded NUL", Array("%00".utf8)),
    ("a NUL", [0x61, 0, 0x62]), ("invalid UTF-8", [0xFF, 0xFE]), ("a blank", Array("a b".utf8)),
    ("an escape character", [0x1B, 0x5B, 0x32, 0x4A]), ("64 KiB", [UInt8](repeating: 0x78, count: 65_536)),
  ]

  /// Filters, and what of an item they are compared with.
  private static let filtered: [String: [String]] = [
    "host": ["hostname", "host"], "rule": ["rule"], "handling": ["handling_decision"],
    "table": ["table_name"],
    "key": ["record_key"], "actor": ["changed_by"], "destination": ["destination"], "text": ["raw_message"],
  ]

  private static let rules = """
    rules:
      - name: "<b>'; DROP TABLE alert_rules;--"
        match_type: contains
        match_string: hostile
        priority: 10
        prod_handling: Page_only
        dev_handling: Log_only
        description: "\\e]2;x\\a \\u202E <img src=x onerror=alert(1)>"
      - {name: numbered, match_type: contains, match_string: link is down, priority: 20,
         prod_handling: Log_only, dev_handling: Log_only}
    development_hosts: ["lab'1"]
    device_teams: {"core<1>": "N\\"O"}

    """

  private struct Field: Sendable {
    let method: String
    let path: String
    let name: String
    /// In the path, the query, the body, or all of the body.
    let place: String
    let operation: JSON

    /// Of a page one parameter at a time; the others are right.
    func request(_ value: [UInt8], isEncoded: Bool) -> (path: [UInt8], headers: [String], body: [UInt8]?) {
      let given = isEncoded ? HostileFieldsTests.encoded(value) : value
      var path = Array(self.path.utf8)
      if place == "path" {
        let parts = self.path.components(separatedBy: "{\(name)}")
        path = Array(parts[0].utf8) + given + Array(parts[1].utf8)
      }
      var query: [[UInt8]] = place == "query" ? [Array("\(name)=".utf8) + given] : []
      // What has no end of its own is given one.
      if self.path.hasSuffix("/tap"), name != "seconds" { query.append(Array("seconds=1".utf8)) }
      if !query.isEmpty { path += Array("?".utf8) + query.joined(separator: Array("&".utf8)) }
      if method == "GET" { return (path, [], nil) }
      let type = place == "member" ? "application/json" : "text/plain"
      return (path, ["Content-Type: \(type)"], body(value))
    }

    private func body(_ value: [UInt8]) -> [UInt8] {
      switch place {
      case "body": return value
      case "member":
        var members = name == "trap" ? [] : [("message", Array("<13>core1 a line".utf8))]
        members.removeAll { $0.0 == name }
        members.append((name, value))
        let texts = members.map { key, value in Array("\"\(key)\":".utf8) + HostileFieldsTests.quoted(value) }
        return Array("{".utf8) + texts.joined(separator: Array(",".utf8)) + Array("}".utf8)
      default: return Array("<13>core1 a line".utf8)
      }
    }
  }

  /// Every byte that is not unreserved (RFC 3986) as %XX.
  private static func encoded(_ bytes: [UInt8]) -> [UInt8] {
    bytes.flatMap { byte -> [UInt8] in
      let isPlain =
        byte < 0x80 && (UnicodeScalar(byte).properties.isAlphabetic || (0x30...0x39).contains(byte))
      if isPlain || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte) { return [byte] }
      return Array(("%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8)
    }
  }

  /// A string of JSON; bytes that are no UTF-8 stand in it as they are.
  private static func quoted(_ bytes: [UInt8]) -> [UInt8] {
    let inner = bytes.flatMap { byte -> [UInt8] in
      switch byte {
      case 0x22, 0x5C: return [0x5C, byte]
      case 0..<0x20: return Array(("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8)
      default: return [byte]
      }
    }
    return [0x22] + inner + [0x22]
  }

  /// All there are, from the file.
  private func fields(_ schema: JSONSchema) -> [Field] {
    var found: [Field] = []
    for path in schema.document["paths"].keys.sorted() {
      for method in schema.document["paths", path].keys.sorted() {
        let operation = schema.document["paths", path, method]
        func add(_ name: String, _ place: String) {
          found.append(
            Field(method: method.uppercased(), path: path, name: name, place: place, operation: operation))
        }
        for one in operation["parameters"].items {
          let parameter = one["$ref"].string.map { schema.resolve($0) } ?? one
          add(parameter["name"].string ?? "", parameter["in"].string ?? "")
        }
        for type in operation["requestBody", "content"].keys.sorted() {
          let content = operation["requestBody", "content", type]["schema"]
          let members = content["$ref"].string.map { schema.resolve($0) }?["properties"].keys ?? []
          for name in members.sorted() { add(name, "member") }
          if members.isEmpty { add("line", "body") }
        }
      }
    }
    return found
  }

  @Test func everyFieldTakesItAsItStandsOrRefusesIt() async throws {
    let settings = DaemonSettings(
      rules: Self.rules, destinations: [("moog", "http://127.0.0.1:\(try FreePort.stream())/")])
    try await withDaemon("hostile-fields", settings) { daemon in
      try await plant(daemon)
      let described = try await HTTPAnswer.get("/api/v1/openapi.json", port: daemon.place.httpPort)
      let schema = JSONSchema(document: try #require(JSON(described?.body ?? "")))
      let fields = fields(schema)
      #expect(fields.count >= 50 && Set(fields.map(\.place)) == ["path", "query", "member", "body"])
      let before = try await tables(daemon)
      // A few at a time, as many as the daemon reads for; beside them somebody sends.
      let sender = try UDPSender(port: daemon.place.syslogPort)
      async let sending: Void = sender.send(0..<1_000, rate: 200)
      let lanes = 6
      try await withThrowingTaskGroup { group in
        for lane in 0..<lanes {
          group.addTask {
            for index in stride(from: lane, to: fields.count, by: lanes) {
              try await attack(fields[index], schema, daemon)
            }
          }
        }
        try await group.waitForAll()
      }
      try await sending
      try await eventually("what was sent meanwhile is decided") {
        try await daemon.scrape().received == Self.texts.count + 1_000
      }
      #expect(try await tables(daemon) == before)
      #expect(try await daemon.scrape().imbalances == [])
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [] && daemon.accounting?["kernel_dropped"] == 0)
      #expect(!daemon.log.unicodeScalars.contains(where: Self.moves))
    }
  }

  /// Events that hold each of the texts, so that looking for one finds it and nothing else.
  private func plant(_ daemon: DaemonProcess) async throws {
    let sender = try UDPSender(port: daemon.place.syslogPort)
    for text in Self.texts { sender.send(Array("<187>1 - core1 app - - - hostile \(text)".utf8)) }
    try await eventually("they are in the audit") {
      try await daemon.place.auditColumn("SELECT count(*) FROM event_audit_log") == ["\(Self.texts.count)"]
    }
  }

  /// What an attack would change: how many rows there are, and whether the files are whole.
  private func tables(_ daemon: DaemonProcess) async throws -> [Substring] {
    let count = """
      SELECT count(*) || ' ' || sum(is_active) || ' ' || max(name) FROM alert_rules
      UNION ALL SELECT count(*) FROM config_audit_log UNION ALL SELECT count(*) FROM development_hosts
      UNION ALL SELECT count(*) FROM device_teams UNION ALL SELECT count(*) FROM sqlite_master
      UNION ALL SELECT * FROM pragma_integrity_check
      """
    return try await daemon.place.auditColumn(count)
  }

  private func attack(_ field: Field, _ schema: JSONSchema, _ daemon: DaemonProcess) async throws {
    let port = daemon.place.httpPort
    func ask(_ value: [UInt8], _ isEncoded: Bool) async throws -> HTTPAnswer? {
      let (path, headers, body) = field.request(value, isEncoded: isEncoded)
      return try await HTTPAnswer.ask(field.method, path, port: port, headers: headers, body: body)
    }
    for text in texts(for: field) {
      let what = "\(field.method) \(field.path) \(field.name)=\(text)"
      guard let answer = try await ask(Array(text.utf8), true) else {
        Issue.record("\(what): no answer")
        continue
      }
      check(answer, field, schema, what)
      if answer.status == 200 { checkFound(answer, field, text, what) }
    }
    for (name, bytes) in Self.unfit {
      let what = "\(field.method) \(field.path) \(field.name): \(name)"
      guard let answer = try await ask(bytes, true) else {
        Issue.record("\(what): no answer")
        continue
      }
      check(answer, field, schema, what)
      // A line is whatever came; everything else is a word.
      if field.place == "path" || field.place == "query" { #expect(answer.status != 200, "\(what)") }
    }
    if field.place == "body" || field.place == "member" {
      // Half of what one may post, and more than that.
      for (size, status) in [(65_536, nil), (200_000, 413)] {
        let answer = try await ask([UInt8](repeating: 0x78, count: size), true)
        if let answer { check(answer, field, schema, "\(field.name) of \(size)") }
        #expect(status == nil || answer == nil || answer?.status == status, "\(field.name) of \(size)")
      }
      return
    }
    for (name, bytes) in Self.raw {
      // What is no HTTP is answered by 400 without a word, or the connection ends.
      guard let answer = try await ask(bytes, false) else { continue }
      let what = "\(field.method) \(field.path) \(field.name): \(name) as it is"
      #expect([400, 404].contains(answer.status), "\(what): \(answer.status)")
      if !answer.body.isEmpty { check(answer, field, schema, what) }
    }
  }

  /// Who watches is answered for a second each time: one in six of them, and of each parameter others.
  private func texts(for field: Field) -> [String] {
    guard field.path.hasSuffix("/tap") else { return Self.texts }
    let first = field.name.utf8.reduce(0) { $0 * 31 + Int($1) } % 6
    return stride(from: first, to: Self.texts.count, by: 6).map { Self.texts[$0] }
  }

  /// The status is one of those that are described, and the answer as it is described.
  private func check(_ answer: HTTPAnswer, _ field: Field, _ schema: JSONSchema, _ what: String) {
    let described = field.operation["responses"]
    guard described.keys.contains("\(answer.status)") else {
      Issue.record("\(what): \(answer.status) is not described: \(answer.body.prefix(300))")
      return
    }
    let found = schema.problems(answer, described["\(answer.status)"])
    #expect(found == [], "\(what): \(answer.body.prefix(300))")
  }

  /// What was found is what was looked for, letter by letter, in either case.
  private func checkFound(_ answer: HTTPAnswer, _ field: Field, _ text: String, _ what: String) {
    guard let items = JSON(answer.body)?["items"].items, let names = Self.filtered[field.name] else { return }
    for item in items {
      let has = names.compactMap { item[$0].string?.lowercased() }
      let wanted = text.lowercased()
      let holds = field.name == "text" ? has.contains { $0.contains(wanted) } : has.contains(wanted)
      #expect(holds, "\(what): \(item)")
    }
    if field.name == "text", field.path.hasSuffix("/events") {
      // Those that were sent while this was asked hold none of it but their digits and letters.
      let planted = Self.texts.count { $0.lowercased().contains(text.lowercased()) }
      #expect(items.count { $0["raw_message"].string?.contains("hostile") == true } == planted, "\(what)")
    }
  }

  /// Control characters, and those that turn the direction of what is read.
  private static func moves(_ scalar: UnicodeScalar) -> Bool {
    switch scalar.value {
    case 0x0A: false
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// What devices and rule authors wrote is shown by every list, and moves no terminal.
  @Test func everyListShowsItAsText() async throws {
    let settings = DaemonSettings(
      rules: Self.rules, destinations: [("moog", "http://127.0.0.1:\(try FreePort.stream())/")],
      extra: "unmatched: {threshold: 2}\n")
    try await withDaemon("hostile-lists", settings) { daemon in
      let sender = try UDPSender(port: daemon.place.syslogPort)
      let words = "\u{1B}]2;x\u{07}\u{9B}2J\u{202E}\u{2066}<b>'; DROP TABLE x;--"
      for kind in ["hostile", "nobody knows"] {
        for _ in 0..<3 { sender.send(Array("<187>1 - core1 a<b>;-- - - - \(kind) \(words)".utf8)) }
      }
      let event = try await eventually("an alert waits, and what nobody knows has been counted") {
        let waits = try await daemon.place.muttd("outbox", "list", "--json")
        let kinds = try await daemon.place.muttd("unmatched", "list", "--json")
        let first = JSON(waits.output.split(separator: "\n").first ?? "")
        return kinds.output.isEmpty ? nil : first?["event_id"].string
      }
      for verb in [
        ["audit", "events"], ["audit", "config"], ["rules", "list"], ["hosts", "dev", "list"],
        ["hosts", "team", "list"], ["hosts", "device", "unmapped"], ["outbox", "list"],
        ["unmatched", "list"],
        ["destinations", "list"], ["explain", "--event", event],
        ["rules", "show", "<b>'; DROP TABLE alert_rules;--"],
        ["rules", "export"], ["top"],
      ] {
        let shown = try await Tool.run(
          Binary.path, verb + ["--config", daemon.place.configFile], in: daemon.place.workspace)
        #expect(shown.ending == .code(0), "\(verb): \(shown.errors)")
        #expect(!shown.output.isEmpty, "\(verb)")
        let odd = (shown.output + shown.errors).unicodeScalars.filter(Self.moves)
        #expect(odd.isEmpty, "\(verb): \(odd.map { String($0.value, radix: 16) })")
      }
    }
  }
}

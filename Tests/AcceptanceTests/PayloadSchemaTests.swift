import Foundation
import Testing

/// The golden payloads keep to what their receivers have published. The schemas under Tests/Fixtures/schema
/// are ours: each names the document whose fields, types and bounds it writes down.
@Suite struct PayloadSchemaTests {
  static let formats = ["alertmanager", "alertmanager-api", "cloudevents", "moogsoft", "pagerduty"]

  private static func fixture(_ path: String) throws -> JSON {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: tests.appending(path: "Fixtures/\(path)"), encoding: .utf8)
    return try #require(JSON(text), "\(path)")
  }

  private static func goldens(_ format: String) throws -> [(name: String, body: JSON)] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let folder = tests.appending(path: "Fixtures/payload/\(format)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    return try names.map { ($0, leaving(try fixture("payload/\(format)/\($0)"), format)) }
  }

  /// PagerDuty's routing key is a secret and put in only as a body leaves.
  private static func leaving(_ body: JSON, _ format: String) -> JSON {
    guard format == "pagerduty", case .object(var members) = body else { return body }
    members["routing_key"] = .string(String(repeating: "k", count: 32))
    return .object(members)
  }

  @Test(arguments: formats) func everyGoldenPayloadKeepsToItsSchema(format: String) throws {
    let schema = try Self.fixture("schema/\(format).json")
    let goldens = try Self.goldens(format)
    #expect(goldens.count >= 3)
    for golden in goldens {
      #expect(JSONSchema(document: schema).problems(golden.body, schema) == [], "\(golden.name)")
    }
  }

  /// Whatever a schema asks for is missed: each member that is required is taken out, each that is described
  /// gets a value of another type.
  @Test(arguments: formats) func aPayloadThatWasSpoiltIsFound(format: String) throws {
    let schema = try Self.fixture("schema/\(format).json")
    let checker = JSONSchema(document: schema)
    for golden in try Self.goldens(format) {
      var count = 0
      for (what, body) in Self.spoilt(golden.body, schema, checker) {
        count += 1
        #expect(!checker.problems(body, schema).isEmpty, "\(golden.name): \(what)")
      }
      #expect(count >= 4, "\(golden.name)")
    }
  }

  private static func spoilt(_ value: JSON, _ schema: JSON, _ checker: JSONSchema) -> [(String, JSON)] {
    if let target = schema["$ref"].string { return spoilt(value, checker.resolve(target), checker) }
    switch value {
    case .array(let items):
      return items.enumerated().flatMap { index, item in
        spoilt(item, schema["items"], checker).map { what, body in
          var changed = items
          changed[index] = body
          return ("[\(index)]" + what, .array(changed))
        }
      }
    case .object(let members):
      var found: [(String, JSON)] = []
      for name in schema["required"].items.compactMap(\.string) {
        var changed = members
        changed[name] = nil
        found.append((".\(name) is gone", .object(changed)))
      }
      for (name, member) in members where schema["properties", name]["type"].items.isEmpty {
        let property = schema["properties", name]
        if property == .null { continue }
        var changed = members
        changed[name] = .bool(true)
        found.append((".\(name) is true", .object(changed)))
        for (what, body) in spoilt(member, property, checker) {
          changed[name] = body
          found.append((".\(name)" + what, .object(changed)))
        }
      }
      return found
    default: return []
    }
  }

  /// What the types do not say.
  static let faults: [(format: String, path: [String], value: JSON)] = [
    ("alertmanager-api", ["0", "labels"], .object([:])),
    ("alertmanager-api", ["0", "labels", "alertname"], ""),
    ("alertmanager-api", ["0", "labels", "if-index"], "3"),
    ("alertmanager-api", ["0", "annotations", "ifIndex.3"], "3"),
    ("alertmanager-api", ["0", "startsAt"], "2026-11-21 02:14:05"),
    ("alertmanager-api", ["0", "generatorURL"], "wiki page"),
    ("alertmanager-api", ["0", "status"], "firing"),
    ("alertmanager", ["version"], "3"), ("alertmanager", ["status"], "open"),
    ("alertmanager", ["groupKey"], "{}:{signature=\"a\"b\"}"), ("alertmanager", ["alerts"], .array([])),
    ("alertmanager", ["alerts", "0", "fingerprint"], "core1"), ("cloudevents", ["specversion"], "0.3"),
    ("cloudevents", ["id"], ""), ("cloudevents", ["source"], "/muttd/a collector"),
    ("cloudevents", ["eventSeverity"], "5"), ("cloudevents", ["labels"], .object([:])),
    ("cloudevents", ["subject"], ""), ("cloudevents", ["severitynumber"], 25),
    ("cloudevents", ["time"], "now"),
    ("moogsoft", ["events"], .array([])), ("moogsoft", ["events", "0", "severity"], 6),
    ("moogsoft", ["events", "0", "severity"], "5"), ("moogsoft", ["events", "0", "description"], ""),
    ("moogsoft", ["events", "0", "signature"], .string(String(repeating: "s", count: 768))),
    ("pagerduty", ["payload", "summary"], ""), ("pagerduty", ["payload", "severity"], "fatal"),
    ("pagerduty", ["payload", "summary"], .string(String(repeating: "s", count: 1_025))),
    ("pagerduty", ["dedup_key"], .string(String(repeating: "s", count: 256))),
    ("pagerduty", ["payload", "source"], ""), ("pagerduty", ["event_action"], "clear"),
    ("pagerduty", ["routing_key"], "short"), ("pagerduty", ["links"], .array([])),
  ]

  @Test func aPayloadBeyondABoundIsFound() throws {
    for fault in Self.faults {
      let schema = try Self.fixture("schema/\(fault.format).json")
      let golden = try #require(
        try Self.goldens(fault.format).first { $0.name == "syslog-cisco-link-down.json" })
      let body = Self.replacing(golden.body, fault.path[...], fault.value)
      #expect(body != golden.body)
      #expect(!JSONSchema(document: schema).problems(body, schema).isEmpty, "\(fault)")
    }
  }

  private static func replacing(_ body: JSON, _ path: ArraySlice<String>, _ value: JSON) -> JSON {
    guard let step = path.first else { return value }
    switch body {
    case .object(var members):
      members[step] = replacing(members[step] ?? .null, path.dropFirst(), value)
      return .object(members)
    case .array(var items):
      guard let index = Int(step), items.indices.contains(index) else { return body }
      items[index] = replacing(items[index], path.dropFirst(), value)
      return .array(items)
    default: return body
    }
  }
}

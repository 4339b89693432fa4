import Foundation

/// As much of JSON Schema (2020-12) as the description of the API and the schemas of payloads use; a keyword
/// it does not know is a finding, so that nothing is described in vain.
struct JSONSchema {
  /// The whole document, in which `$ref` points.
  let document: JSON

  private static let known: Set<String> = [
    "$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "oneOf", "pattern",
    "format", "description", "minLength", "maxLength", "minimum", "maximum", "default", "definitions",
    "minItems", "minProperties", "propertyNames",
  ]

  /// What about `value` is not as `schema` says, each with its place.
  func problems(_ value: JSON, _ schema: JSON, at place: String = "$") -> [String] {
    if let target = schema["$ref"].string { return problems(value, resolve(target), at: place) }
    var found = schema.keys.subtracting(Self.known).map { "\(place): unknown keyword \($0)" }
    found += typeProblems(value, schema, place)
    if !schema["enum"].items.isEmpty, !schema["enum"].items.contains(value) {
      found.append("\(place): \(value) is none of the enumeration")
    }
    let choices = schema["oneOf"].items
    if !choices.isEmpty {
      let holding = choices.count { problems(value, $0, at: place).isEmpty }
      if holding != 1 { found.append("\(place): \(holding) of \(choices.count) choices hold for \(value)") }
    }
    switch value {
    case .object(let members): found += memberProblems(members, schema, place)
    case .array(let items):
      found += bounds(Double(items.count), schema, "minItems", nil, place)
      if schema["items"] == .null { break }
      for (index, item) in items.enumerated() {
        found += problems(item, schema["items"], at: "\(place)[\(index)]")
      }
    case .string(let text): found += textProblems(text, schema, place)
    case .integer(let number): found += bounds(Double(number), schema, "minimum", "maximum", place)
    case .number(let number): found += bounds(number, schema, "minimum", "maximum", place)
    default: break
    }
    return found
  }

  /// What about an answer is not as `response` of the description says: its content type, and its content.
  func problems(_ answer: HTTPAnswer, _ response: JSON) -> [String] {
    let described = response["$ref"].string.map { resolve($0) } ?? response
    let type = String(answer.type.prefix { $0 != ";" })
    if !described["content"].keys.contains(type) { return ["\(answer.type) is not described"] }
    // Text, and lines of which each is an object.
    if ["application/yaml", "application/x-ndjson"].contains(type) { return [] }
    guard let value = JSON(answer.body) else { return ["no JSON: \(answer.body.prefix(300))"] }
    return problems(value, described["content", type]["schema"])
  }

  func resolve(_ reference: String) -> JSON {
    reference.dropFirst(2).split(separator: "/").reduce(document) { $0[String($1)] }
  }

  private func bounds(
    _ value: Double, _ schema: JSON, _ least: String, _ most: String?, _ place: String
  ) -> [String] {
    var found: [String] = []
    if let bound = schema[least].integer, value < Double(bound) {
      found.append("\(place): \(value) is below \(least) \(bound)")
    }
    if let most, let bound = schema[most].integer, value > Double(bound) {
      found.append("\(place): \(value) is above \(most) \(bound)")
    }
    return found
  }

  private func typeProblems(_ value: JSON, _ schema: JSON, _ place: String) -> [String] {
    let allowed = schema["type"].items.isEmpty ? [schema["type"]] : schema["type"].items
    if allowed == [.null] { return [] }
    let name =
      switch value {
      case .null: "null"
      case .bool: "boolean"
      case .integer: "integer"
      case .number: "number"
      case .string: "string"
      case .array: "array"
      case .object: "object"
      }
    return allowed.contains(.string(name)) ? [] : ["\(place): \(name) is not \(allowed)"]
  }

  private func memberProblems(_ members: [String: JSON], _ schema: JSON, _ place: String) -> [String] {
    var found = bounds(Double(members.count), schema, "minProperties", nil, place)
    if schema["propertyNames"] != .null {
      for name in members.keys { found += textProblems(name, schema["propertyNames"], "\(place).\(name)") }
    }
    for name in schema["required"].items.compactMap(\.string) where members[name] == nil {
      found.append("\(place): \(name) is missing")
    }
    for (name, member) in members {
      let property = schema["properties", name]
      if property != .null {
        found += problems(member, property, at: "\(place).\(name)")
      } else if schema["additionalProperties"] == .bool(false) {
        found.append("\(place): \(name) is not described")
      } else if schema["additionalProperties"] != .null {
        found += problems(member, schema["additionalProperties"], at: "\(place).\(name)")
      }
    }
    return found
  }

  /// Forms of texts by their name in `format`.
  private static let forms = [
    "date-time": #"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"#,
    "uri": #"^[a-zA-Z][a-zA-Z0-9+.-]*:(%[0-9A-Fa-f]{2}|[!#$&'()*+,/0-9:;=?@A-Z\[\]_a-z~.-])+$"#,
    "uri-reference": #"^(%[0-9A-Fa-f]{2}|[!#$&'()*+,/0-9:;=?@A-Z\[\]_a-z~.-])+$"#,
  ]

  private func textProblems(_ text: String, _ schema: JSON, _ place: String) -> [String] {
    let shown = "\"\(text.prefix(200))\""
    var found = bounds(
      Double(text.unicodeScalars.count), schema, "minLength", "maxLength", "\(place): \(shown)")
    if let pattern = schema["pattern"].string, text.range(of: pattern, options: .regularExpression) == nil {
      found.append("\(place): \(shown) does not match \(pattern)")
    }
    if let name = schema["format"].string, let form = JSONSchema.forms[name],
      text.range(of: form, options: .regularExpression) == nil
    {
      found.append("\(place): \(shown) is no \(name)")
    }
    return found
  }
}

import Foundation

/// As much of JSON Schema (2020-12) as the description of the API uses; a keyword it does not know is a
/// finding, so that nothing is described in vain.
struct JSONSchema {
  /// The whole document, in which `$ref` points.
  let document: JSON

  private static let known: Set<String> = [
    "$ref", "type", "properties", "required", "additionalProperties", "items", "enum", "oneOf", "pattern",
    "format", "description", "minLength", "maxLength", "minimum", "maximum", "default",
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
    case .array(let items) where schema["items"] != .null:
      for (index, item) in items.enumerated() {
        found += problems(item, schema["items"], at: "\(place)[\(index)]")
      }
    case .string(let text): found += textProblems(text, schema, place)
    default: break
    }
    return found
  }

  func resolve(_ reference: String) -> JSON {
    reference.dropFirst(2).split(separator: "/").reduce(document) { $0[String($1)] }
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
    var found: [String] = []
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

  private func textProblems(_ text: String, _ schema: JSON, _ place: String) -> [String] {
    if let pattern = schema["pattern"].string, text.range(of: pattern, options: .regularExpression) == nil {
      return ["\(place): \"\(text)\" does not match \(pattern)"]
    }
    if schema["format"] == "date-time" {
      let form = #"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"#
      if text.range(of: form, options: .regularExpression) == nil {
        return ["\(place): \"\(text)\" is no time"]
      }
    }
    return []
  }
}

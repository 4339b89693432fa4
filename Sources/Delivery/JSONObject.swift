import Model

/// A JSON object under construction; keys in the order they come. Cold paths: one alert, not one event.
struct JSONObject {
  private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

  private mutating func key(_ name: String) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    JSONText.append(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
  }

  /// Left out when nil.
  mutating func add(_ name: String, _ value: String?) {
    guard let value else { return }
    key(name)
    JSONText.append(value, to: &bytes)
  }

  mutating func add(_ name: String, number: Int64) {
    key(name)
    bytes.append(decimal: number)
  }

  mutating func add(_ name: String, flag: Bool) {
    key(name)
    bytes.append(ascii: flag ? "true" : "false")
  }

  /// `json`: one complete value.
  mutating func add(_ name: String, json: [UInt8]) {
    key(name)
    bytes.append(contentsOf: json)
  }

  mutating func add(_ name: String, _ pairs: [(name: String, value: String)]) {
    var object = JSONObject()
    for pair in pairs { object.add(pair.name, pair.value) }
    add(name, json: object.closed)
  }

  var closed: [UInt8] { bytes + [UInt8(ascii: "}")] }
}

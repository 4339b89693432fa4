import Model

/// One JSON object on one line, its keys in the order they are added; absent is `null`.
struct VerbJSON {
  private var bytes: [UInt8] = [UInt8(ascii: "{")]

  var size: Int { bytes.count + 1 }
  var closed: [UInt8] { bytes + [UInt8(ascii: "}")] }

  private mutating func key(_ name: String) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    JSONText.append(name, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
  }

  mutating func add(_ name: String, _ text: String?) {
    key(name)
    JSONText.append(text, to: &bytes)
  }

  mutating func add(_ name: String, _ text: StaticString) {
    add(name, "\(text)")
  }

  mutating func add(_ name: String, number: Int64?) {
    key(name)
    if let number { bytes.append(decimal: number) } else { bytes.append(ascii: "null") }
  }

  mutating func add(_ name: String, number: Int?) {
    add(name, number: number.map { Int64($0) })
  }

  mutating func add(_ name: String, flag: Bool?) {
    key(name)
    if let flag { bytes.append(text: flag ? "true" : "false") } else { bytes.append(ascii: "null") }
  }

  /// A time as RFC 3339; an absent one is null.
  mutating func add(_ name: String, time: Timestamp?) {
    add(name, time.flatMap { $0.isAbsent ? nil : VerbTime.text($0) })
  }

  mutating func add(_ name: String, list: [String]) {
    key(name)
    bytes.append(UInt8(ascii: "["))
    for (index, item) in list.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONText.append(item, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  mutating func add(_ name: String, object: VerbJSON?) {
    key(name)
    if let object { bytes += object.closed } else { bytes.append(ascii: "null") }
  }

  mutating func add(_ name: String, objects: [VerbJSON]) {
    key(name)
    bytes.append(UInt8(ascii: "["))
    for (index, item) in objects.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes += item.closed
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// Complete JSON that somebody else has written.
  mutating func add(_ name: String, json text: String?) {
    key(name)
    bytes.append(text: text ?? "null")
  }
}

/// Times as people type them and as verbs show them.
enum VerbTime {
  /// RFC 3339 in UTC: milliseconds, microseconds where there are any.
  static func text(_ time: Timestamp) -> String {
    time.rfc3339(digits: digits(time))
  }

  static func digits(_ time: Timestamp) -> Int { time.nanoseconds % 1_000_000 == 0 ? 3 : 6 }

  /// `2026-11-21T02:14:05Z`, `2026-11-21`, or how long ago: `90s`, `15m`, `2h`, `7d`.
  static func parse(_ text: String, option: String, now: Timestamp) throws(DaemonFailure) -> Timestamp {
    if let time = Timestamp(rfc3339: text) { return time }
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    if let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count >= 0,
      count <= 100_000_000
    {
      return now.adding(seconds: -count * unit)
    }
    throw DaemonFailure(
      .usage,
      "\(option) \"\(text)\" is no time: write 2026-11-21T02:14:05Z, 2026-11-21, or an age such as 15m, 2h"
    )
  }
}

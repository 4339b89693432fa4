import Model

/// Reads a zone of the system's zone database (TZif, RFC 8536) into a value.
enum ConfigZone {
  struct Failure: Error {
    var message: String
  }

  /// Transitions are worked out up to here where the file only gives a rule for the future.
  private static let lastYear: Int32 = 2_100
  private static let directory = "/usr/share/zoneinfo/"

  /// `UTC`, `Europe/Amsterdam` …; UTC needs no database.
  static func load(_ name: String) throws(Failure) -> Zone {
    if ["UTC", "Etc/UTC", "Z", "GMT"].contains(name) { return .utc }
    guard !name.isEmpty, name.utf8.count <= 64, !name.hasPrefix("/"), !name.contains("..") else {
      throw Failure(message: "is no name of a time zone; write it like Europe/Amsterdam, or UTC")
    }
    let bytes: [UInt8]
    do throws(ConfigFile.Failure) {
      bytes = try ConfigFile.read(directory + name, limit: 1 << 20)
    } catch {
      let hint = error.isMissing ? "is no time zone of this system (\(directory))" : error.message
      throw Failure(message: "\(hint); write it like Europe/Amsterdam, or UTC")
    }
    guard let transitions = transitions(bytes), !transitions.isEmpty else {
      throw Failure(message: "cannot be used: \(directory)\(name) is damaged")
    }
    return Zone(name: name, transitions: transitions)
  }

  /// Nil when `bytes` are no TZif of version 2 or later.
  static func transitions(_ bytes: [UInt8]) -> [Zone.Transition]? {
    var file = Cursor(bytes: bytes)
    guard let first = file.header(), let version = first.version, version >= 2,
      file.skip(first.dataSize(timeSize: 4)), let header = file.header()
    else { return nil }
    var times: [Int64] = []
    for _ in 0..<header.times {
      guard let time = file.integer(8) else { return nil }
      times.append(time)
    }
    guard let kinds = file.take(header.times) else { return nil }
    var offsets: [Int32] = []
    for _ in 0..<header.types {
      guard let offset = file.integer(4), file.skip(2), abs(offset) <= 93_600 else { return nil }
      offsets.append(Int32(offset))
    }
    guard let initial = offsets.first,
      file.skip(header.abbreviations + header.leaps * 12 + header.standards + header.universals)
    else { return nil }
    var result = [Zone.Transition(from: .min, offset: initial)]
    for (time, kind) in zip(times, kinds) {
      guard Int(kind) < offsets.count, time > result[result.count - 1].from else { return nil }
      result.append(Zone.Transition(from: time, offset: offsets[Int(kind)]))
    }
    if let rule = ZoneRule(footer: file.footer()) { rule.extend(&result, through: lastYear) }
    return result
  }

  private struct Header {
    var version: Int?
    var universals = 0, standards = 0, leaps = 0, times = 0, types = 0, abbreviations = 0

    func dataSize(timeSize: Int) -> Int {
      times * (timeSize + 1) + types * 6 + abbreviations + leaps * (timeSize + 4) + standards + universals
    }
  }

  private struct Cursor {
    let bytes: [UInt8]
    var at = 0

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
      guard count >= 0, count <= bytes.count - at else { return nil }
      defer { at += count }
      return bytes[at..<at + count]
    }
    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    /// Big-endian two's complement.
    mutating func integer(_ width: Int) -> Int64? {
      guard let part = take(width) else { return nil }
      var value: UInt64 = 0
      for byte in part { value = value << 8 | UInt64(byte) }
      let shift = UInt64(64 - width * 8)
      return Int64(bitPattern: value << shift) >> Int64(shift)
    }

    mutating func header() -> Header? {
      guard let magic = take(4), magic.elementsEqual("TZif".utf8), let version = take(1)?.first, skip(15)
      else {
        return nil
      }
      var counts: [Int] = []
      for _ in 0..<6 {
        guard let count = integer(4), count >= 0 else { return nil }
        counts.append(Int(count))
      }
      return Header(
        version: version == 0 ? 1 : Int(version) - 0x30, universals: counts[0], standards: counts[1],
        leaps: counts[2], times: counts[3], types: counts[4], abbreviations: counts[5])
    }

    /// The rule for times after the last transition, between two line feeds.
    func footer() -> String {
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\n") else { return "" }
      return String(decoding: bytes[(at + 1)...].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
  }
}

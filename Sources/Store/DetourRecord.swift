import Model

/// A delivery's `Detour` as one value, little-endian: a version byte, then
///
///     count 2 | names that are barred, each: length 2, text
///     count 2 | bodies, each: count 2, names; length 4 (0xFFFFFFFF: the delivery's own), bytes
///     only of version 2: home: length 2, text
enum DetourRecord {
  private static let version: UInt8 = 1
  private static let versionWithHome: UInt8 = 2

  static func encode(_ detour: Detour) -> [UInt8] {
    var target = [detour.home == nil ? version : versionWithHome]
    append(detour.barred, to: &target)
    target.append(word: UInt64(detour.bodies.count), bytes: 2)
    for body in detour.bodies {
      append(body.names, to: &target)
      target.append(word: UInt64(body.bytes?.count ?? Int(UInt32.max)), bytes: 4)
      if let bytes = body.bytes { target.append(contentsOf: bytes) }
    }
    if let home = detour.home { append(home, to: &target) }
    return target
  }

  private static func append(_ names: [String], to target: inout [UInt8]) {
    target.append(word: UInt64(names.count), bytes: 2)
    for name in names { append(name, to: &target) }
  }

  private static func append(_ name: String, to target: inout [UInt8]) {
    target.append(word: UInt64(name.utf8.count), bytes: 2)
    target.append(text: name)
  }

  /// Nil: it ends or contradicts itself in the middle, or a newer muttd wrote it.
  static func decode(_ bytes: [UInt8]) -> Detour? {
    guard let first = bytes.first, first == version || first == versionWithHome else { return nil }
    var reader = Reader(bytes: bytes)
    var detour = Detour()
    guard let barred = reader.names(), let count = reader.word(2) else { return nil }
    detour.barred = barred
    for _ in 0..<count {
      guard let names = reader.names(), let length = reader.word(4) else { return nil }
      if length == Int(UInt32.max) {
        detour.bodies.append(Detour.Body(names: names, bytes: nil))
      } else {
        guard let body = reader.take(length) else { return nil }
        detour.bodies.append(Detour.Body(names: names, bytes: Array(body)))
      }
    }
    if first == versionWithHome {
      guard let home = reader.name() else { return nil }
      detour.home = home
    }
    return reader.at == bytes.count ? detour : nil
  }

  private struct Reader {
    let bytes: [UInt8]
    var at = 1

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
      guard count <= bytes.count - at else { return nil }
      defer { at += count }
      return bytes[at..<at + count]
    }

    mutating func word(_ count: Int) -> Int? {
      take(count).map { $0.reversed().reduce(0) { $0 << 8 | Int($1) } }
    }

    mutating func names() -> [String]? {
      guard let count = word(2) else { return nil }
      var names: [String] = []
      for _ in 0..<count {
        guard let name = name() else { return nil }
        names.append(name)
      }
      return names
    }

    mutating func name() -> String? {
      guard let length = word(2), let text = take(length) else { return nil }
      return String(decoding: text, as: UTF8.self)
    }
  }
}

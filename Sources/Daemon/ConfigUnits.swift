/// Sizes and lengths of time as people write them.
enum ConfigUnits {
  private static let sizes: [(String, Int)] = [
    ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
  ]
  /// In milliseconds, longest name first: `ms` before `m`.
  private static let durations: [(String, Int64)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// `8KiB`, `32 MiB`, `1024` (bytes); nil for anything else, also when it does not fit.
  static func size(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let number = Int(digits) else { return nil }
    let unit = text[digits.endIndex...].drop { $0 == " " }
    guard let factor = unit.isEmpty ? 1 : sizes.first(where: { $0.0.lowercased() == unit.lowercased() })?.1
    else { return nil }
    let (size, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : size
  }

  /// `100ms`, `30s`, `1h30m`; a bare `0` too. Nil for anything else.
  static func duration(_ text: String) -> Duration? {
    if text == "0" { return .zero }
    var rest = Substring(text)
    var total: Int64 = 0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard !digits.isEmpty, digits.count <= 12, let number = Int64(digits) else { return nil }
      rest = rest[digits.endIndex...]
      guard let (unit, factor) = durations.first(where: { rest.hasPrefix($0.0) }) else { return nil }
      rest = rest.dropFirst(unit.count)
      let (part, tooLong) = number.multipliedReportingOverflow(by: factor)
      let (sum, tooMuch) = total.addingReportingOverflow(part)
      if tooLong || tooMuch { return nil }
      total = sum
    }
    return text.isEmpty ? nil : .milliseconds(total)
  }

  static func text(size: Int) -> String {
    let (unit, factor) = sizes.last { size >= $0.1 && size % $0.1 == 0 } ?? ("B", 1)
    return "\(size / factor)\(unit)"
  }

  static func text(duration: Duration) -> String {
    let milliseconds =
      duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    let (unit, factor) = durations.last { milliseconds >= $0.1 && milliseconds % $0.1 == 0 } ?? ("ms", 1)
    return "\(milliseconds / factor)\(unit)"
  }
}

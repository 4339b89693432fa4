/// So many events in a time, as people write it: `500/s`.
package struct Rate: Sendable, Equatable {
  package enum Unit: String, Sendable, CaseIterable {
    case second = "s"
    case minute = "m"
    case hour = "h"

    var nanoseconds: Int64 {
      switch self {
      case .second: 1_000_000_000
      case .minute: 60_000_000_000
      case .hour: 3_600_000_000_000
      }
    }
  }
  /// 1...1,000,000.
  package var count: Int
  package var unit: Unit

  package init(_ count: Int, per unit: Unit) {
    self.count = count
    self.unit = unit
  }

  /// `500/s`, `30/m`, `100/h`; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy(isDigit), let count = Int(parts[0]),
      (1...1_000_000).contains(count), let unit = Unit(rawValue: String(parts[1]))
    else { return nil }
    self.init(count, per: unit)
  }

  /// Nanoseconds from one event to the next.
  package var interval: Int64 { unit.nanoseconds / Int64(count) }
}

extension Rate: CustomStringConvertible {
  package var description: String { "\(count)/\(unit.rawValue)" }
}

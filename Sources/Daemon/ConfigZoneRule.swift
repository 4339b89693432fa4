import Model

/// Daylight saving for the future, as a TZif footer states it: `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX TZ with
/// the extensions of RFC 8536 §3.3.1). Only rules of the form `Mm.w.d` are read; the others (`Jn`, `n`) are
/// in no zone of today's database, and a zone with a fixed offset needs no rule.
struct ZoneRule: Equatable {
  struct Change: Equatable {
    var month: Int32
    /// 1...5; 5 is the last.
    var week: Int32
    /// 0 is Sunday.
    var weekday: Int32
    /// Seconds after midnight, wall clock; may be negative or above a day.
    var second: Int64
  }

  /// Seconds east of UTC.
  var standard: Int32
  var daylight: Int32
  var start: Change
  var end: Change

  init?(footer: String) {
    let parts = footer.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 3, let start = Change(parts[1]), let end = Change(parts[2]) else { return nil }
    var rest = parts[0]
    guard ZoneRule.dropName(&rest), let standard = ZoneRule.time(&rest), ZoneRule.dropName(&rest) else {
      return nil
    }
    var daylight = -standard + 3_600
    if !rest.isEmpty {
      guard let given = ZoneRule.time(&rest), rest.isEmpty else { return nil }
      daylight = -given
    }
    self.standard = Int32(-standard)
    self.daylight = Int32(daylight)
    self.start = start
    self.end = end
  }

  /// Appends the changes after the last one of `transitions`.
  func extend(_ transitions: inout [Zone.Transition], through lastYear: Int32) {
    let last = transitions[transitions.count - 1].from
    let firstYear = last == .min ? 1_970 : CivilTime(utc: Timestamp(seconds: max(last, 0))).year
    guard firstYear <= lastYear else { return }
    for year in firstYear...lastYear {
      let changes = [
        Zone.Transition(from: start.instant(year: year, offset: standard), offset: daylight),
        Zone.Transition(from: end.instant(year: year, offset: daylight), offset: standard),
      ].sorted { $0.from < $1.from }
      for change in changes where change.from > transitions[transitions.count - 1].from {
        transitions.append(change)
      }
    }
  }

  /// `CET` or `<+03>`.
  private static func dropName(_ text: inout Substring) -> Bool {
    if text.first == "<" {
      guard let end = text.firstIndex(of: ">") else { return false }
      text = text[text.index(after: end)...]
      return true
    }
    let name = text.prefix { $0.isLetter }
    text = text[name.endIndex...]
    return name.count >= 3
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  fileprivate static func time(_ text: inout Substring) -> Int64? {
    let form = text.prefix { $0 == "+" || $0 == "-" || $0 == ":" || ($0.isASCII && $0.isNumber) }
    text = text[form.endIndex...]
    let isNegative = form.first == "-"
    let digits = form.drop { $0 == "+" || $0 == "-" }
    var seconds: Int64 = 0
    var factor: Int64 = 3_600
    let fields = digits.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count <= 3 else { return nil }
    for field in fields {
      guard let number = Int64(field), number <= 167 else { return nil }
      seconds += number * factor
      factor /= 60
    }
    return isNegative ? -seconds : seconds
  }
}

extension ZoneRule.Change {
  /// `M3.5.0/2`; the time is 02:00 when it is missing.
  init?(_ text: Substring) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let day = parts.first, parts.count <= 2, day.first == "M" else { return nil }
    let numbers = day.dropFirst().split(separator: ".").compactMap { Int32($0) }
    guard numbers.count == 3, (1...12).contains(numbers[0]), (1...5).contains(numbers[1]),
      (0...6).contains(numbers[2])
    else { return nil }
    self.init(month: numbers[0], week: numbers[1], weekday: numbers[2], second: 7_200)
    if parts.count == 2 {
      var rest = parts[1]
      guard let time = ZoneRule.time(&rest), rest.isEmpty else { return nil }
      second = time
    }
  }

  /// Seconds since 1970 of this change in `year`, on a clock `offset` seconds east of UTC.
  func instant(year: Int32, offset: Int32) -> Int64 {
    let first = CivilTime(year: year, month: month, day: 1).secondsAsUTC
    // 1970-01-01 was a Thursday.
    let weekdayOfFirst = Int32((floorDivide(first, 86_400) % 7 + 11) % 7)
    var day = 1 + (weekday - weekdayOfFirst + 7) % 7 + (week - 1) * 7
    while day > CivilTime.days(inMonth: month, year: year) { day -= 7 }
    return first + Int64(day - 1) * 86_400 + second - Int64(offset)
  }
}

import Model

/// The parameters of a request: those that its path knows, each at most once, decoded strictly (RFC 3986
/// §2.1; `+` is a space). What is not understood is refused: a misspelt filter must not show everything.
struct QueryText {
  private var values: [(name: String, value: String)] = []

  /// Bytes of a query string; longer ones are refused with the head of the request.
  init(_ text: String?, known: [String]) throws(Problem) {
    guard let text, !text.isEmpty else { return }
    for part in text.split(separator: "&", omittingEmptySubsequences: true) {
      let equals = part.firstIndex(of: "=")
      let name = try QueryText.decode(part[..<(equals ?? part.endIndex)], plusIsSpace: true)
      let value = try QueryText.decode(
        equals.map { part[part.index(after: $0)...] } ?? "", plusIsSpace: true)
      guard known.contains(name) else {
        throw Problem(
          .badParameter, "there is no parameter \(Problem.quoted(name)) here",
          do: known.isEmpty ? "leave it out" : "known: \(known.joined(separator: ", "))")
      }
      if values.contains(where: { $0.name == name }) {
        throw Problem(.badParameter, "\(name) is given twice", do: "give it once")
      }
      values.append((name, value))
    }
  }

  /// Percent-encoded text as what it says: UTF-8 without control characters.
  static func decode(_ text: Substring, plusIsSpace: Bool) throws(Problem) -> String {
    var bytes: [UInt8] = []
    let source = Array(text.utf8)
    var at = 0
    while at < source.count {
      switch source[at] {
      case UInt8(ascii: "%"):
        guard at + 2 < source.count, let byte = HexText.byte(source[at + 1], source[at + 2]) else {
          throw Problem(
            .badParameter, "\(Problem.quoted(String(text))) has a % without two hexadecimal digits",
            do: "send a percent sign as %25")
        }
        bytes.append(byte)
        at += 3
      case UInt8(ascii: "+") where plusIsSpace:
        bytes.append(UInt8(ascii: " "))
        at += 1
      default:
        bytes.append(source[at])
        at += 1
      }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self),
      bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else {
      throw Problem(
        .badParameter, "\(Problem.quoted(String(text))) is no UTF-8 text of one line",
        do: "encode UTF-8, without control characters")
    }
    return decoded
  }

  /// Characters of a value.
  private static let limit = 255

  /// Nil when it is not given; an empty one says nothing and is refused.
  func text(_ name: String) throws(Problem) -> String? {
    guard let value = values.first(where: { $0.name == name })?.value else { return nil }
    if value.isEmpty || value.unicodeScalars.count > QueryText.limit {
      throw Problem(
        .badParameter, "\(name) is empty or longer than \(QueryText.limit) characters",
        do: "leave it out, or shorten it")
    }
    return value
  }

  /// An id is up to nineteen digits; those beyond our numbers are above every id there is.
  static func id(_ text: String) -> Int64? {
    guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy(isDigit) else { return nil }
    return UInt64(text).map { Int64(clamping: $0) }
  }

  static func noID(_ text: String) -> Problem {
    Problem(.badParameter, "\(text) is no event id", do: "take one from /api/v1/events or from the log")
  }

  func id(_ name: String) throws(Problem) -> Int64? {
    guard let text = try text(name) else { return nil }
    guard let id = QueryText.id(text) else {
      throw QueryText.noID("\(name) \(Problem.quoted(text))")
    }
    return id
  }

  func number(_ name: String, _ range: ClosedRange<Int64>) throws(Problem) -> Int64? {
    guard let text = try text(name) else { return nil }
    guard text.utf8.allSatisfy(isDigit), let number = Int64(text), range.contains(number) else {
      throw Problem(
        .badParameter,
        "\(name) \(Problem.quoted(text)) is no number from \(range.lowerBound) to "
          + "\(range.upperBound)", do: "write one in digits")
    }
    return number
  }

  func time(_ name: String) throws(Problem) -> Timestamp? {
    guard let text = try text(name) else { return nil }
    guard let time = Timestamp(rfc3339: text) ?? QueryText.farTime(text) else {
      throw Problem(
        .badParameter, "\(name) \(Problem.quoted(text)) is no time",
        do: "write 2026-11-21T02:14:05Z, or a day; a + is sent as %2B")
    }
    return time
  }

  /// A time in a year that our clock does not reach stands for the first or the last moment it does.
  private static func farTime(_ text: String) -> Timestamp? {
    guard text.utf8.prefix(4).allSatisfy(isDigit), let year = Int32(text.prefix(4)),
      year < 1_678 || year > 2_261
    else { return nil }
    // One that it does reach, and that has a 29 February when this one has.
    let other = CivilTime.isLeap(year) ? 2000 : 2001
    guard Timestamp(rfc3339: "\(other)\(text.dropFirst(4))") != nil else { return nil }
    return Timestamp(nanoseconds: year < 1_900 ? .min + 1 : .max)
  }

  func choice<Value: RawRepresentable & CaseIterable>(_ name: String, _: Value.Type) throws(Problem) -> Value?
  where Value.RawValue == String {
    guard let text = try text(name) else { return nil }
    guard let value = Value(rawValue: text) else {
      let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
      throw Problem(
        .badParameter, "\(name) \(Problem.quoted(text)) is not known", do: "give one of \(known)")
    }
    return value
  }

  func flag(_ name: String) throws(Problem) -> Bool {
    switch try text(name) {
    case nil, "false": return false
    case "true": return true
    case .some(let other):
      throw Problem(
        .badParameter, "\(name) \(Problem.quoted(other)) is neither true nor false", do: "write true or false"
      )
    }
  }

  func page() throws(Problem) -> APIPage {
    var page = APIPage()
    if let limit = try number("limit", 1...Int64(APIPage.maxLimit)) { page.limit = Int(limit) }
    page.cursor = try text("cursor")
    return page
  }
}

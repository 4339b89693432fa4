import Foundation

/// A JSON value that can be asked by path; whole numbers keep all 63 bits of an event id.
enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// nil when the text is not JSON.
  init?(_ text: some StringProtocol) {
    self.init(bytes: Array(text.utf8))
  }

  /// Not by a decoder, which throws for each type that a value is not: a test process takes a backtrace of
  /// every error that is thrown, and that was a third of all it did.
  init?(bytes: [UInt8]) {
    let value = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    guard let value else { return nil }
    self.init(value)
  }

  private init(_ value: Any) {
    switch value {
    case let text as String: self = .string(text)
    case let members as [String: Any]: self = .object(members.mapValues { JSON($0) })
    case let items as [Any]: self = .array(items.map { JSON($0) })
    case let number as NSNumber: self.init(number)
    default: self = .null
    }
  }

  private init(_ number: NSNumber) {
    let whole: Int64?
    switch unsafe UInt8(bitPattern: number.objCType.pointee) {
    case UInt8(ascii: "c"):
      self = .bool(number.boolValue)
      return
    case UInt8(ascii: "Q"): whole = Int64(exactly: number.uint64Value)
    case UInt8(ascii: "d"), UInt8(ascii: "f"): whole = Int64(exactly: number.doubleValue)
    default: whole = number.int64Value
    }
    self = whole.map { .integer($0) } ?? .number(number.doubleValue)
  }

  /// `null` for what is not there.
  subscript(path: String...) -> JSON {
    path.reduce(self) { value, key in
      if case .object(let members) = value { members[key] ?? .null } else { .null }
    }
  }

  subscript(index: Int) -> JSON {
    if case .array(let items) = self, items.indices.contains(index) { items[index] } else { .null }
  }

  var string: String? { if case .string(let text) = self { text } else { nil } }
  var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  var items: [JSON] { if case .array(let items) = self { items } else { [] } }
  var keys: Set<String> { if case .object(let members) = self { Set(members.keys) } else { [] } }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int64) { self = .integer(value) }
  init(nilLiteral: ()) { self = .null }
}

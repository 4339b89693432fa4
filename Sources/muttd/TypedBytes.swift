import Foundation

/// Arguments as they were typed. What is no UTF-8 in them is replaced before a program sees its arguments as
/// text: a rule would be asked about a message that nobody has sent, or look for what nobody meant.
enum TypedBytes {
  static func of(_ argument: String) -> [UInt8] {
    let typed = line.first { String(decoding: $0, as: UTF8.self).utf8.elementsEqual(argument.utf8) }
    return typed.map { Array($0) } ?? Array(argument.utf8)
  }

  /// The first argument that is no text, with its unreadable bytes replaced; nil: all are.
  static var firstUnreadable: String? {
    line.first { String(validating: $0, as: UTF8.self) == nil }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The arguments behind the program's name; none without /proc, where there is only their text.
  private static var line: [Data] {
    let line = FileManager.default.contents(atPath: "/proc/self/cmdline") ?? Data()
    return Array(line.split(separator: 0, omittingEmptySubsequences: false).dropFirst())
  }
}

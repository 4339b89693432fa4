import Foundation

/// An argument as it was typed. What is no UTF-8 in it is replaced before a program sees its arguments as
/// text, and a rule would be asked about a message that nobody has sent.
enum TypedBytes {
  static func of(_ argument: String) -> [UInt8] {
    // Without /proc there is only the text.
    let line = FileManager.default.contents(atPath: "/proc/self/cmdline") ?? Data()
    let typed = line.split(separator: 0, omittingEmptySubsequences: false).first {
      String(decoding: $0, as: UTF8.self).utf8.elementsEqual(argument.utf8)
    }
    return typed.map { Array($0) } ?? Array(argument.utf8)
  }
}

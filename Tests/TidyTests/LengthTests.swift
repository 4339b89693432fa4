import Testing

/// Lines, functions and files that fit an eye. What was longer once stands with its length in
/// `Tests/Fixtures/tidy/exceptions.txt`, a list that only shrinks.
@Suite struct LengthTests {
  private static let columns = 110
  private static let functionLines = 70
  private static let fileLines = 500

  @Test func linesFit() {
    for file in SourceTree.files where file.isSwift || file.isC {
      // Bytes are counted in no time, and there are never fewer of them than columns.
      for (index, line) in file.lines.enumerated()
      where line.utf8.count > Self.columns && line.count > Self.columns {
        Issue.record("\(file.path):\(index + 1): \(line.count) columns, \(Self.columns) fit")
      }
    }
  }

  @Test func functionsAndFilesFit() throws {
    var found: [String: Int] = [:]
    for file in SourceTree.files where file.isSwift {
      let count = file.lines.count - 1
      if count > Self.fileLines { found["\(file.path)"] = count }
      for function in SwiftText(file.text).functions where function.length > Self.functionLines {
        let key = "\(file.path) \(function.name)"
        found[key] = max(found[key] ?? 0, function.length)
      }
    }
    let excused = try exceptions()
    for (key, length) in found.sorted(by: { $0.key < $1.key }) {
      guard let most = excused[key] else {
        Issue.record(
          "\(key): \(length) lines; a function has \(Self.functionLines) and a file \(Self.fileLines)")
        continue
      }
      #expect(length <= most, "\(key): \(length) lines, and it was \(most): it may only shrink")
      #expect(length >= most, "\(key): \(length) lines now; lower it from \(most) in exceptions.txt")
    }
    for key in excused.keys where found[key] == nil {
      Issue.record("\(key) needs no exception any more: remove it from exceptions.txt")
    }
  }

  /// `path [function] length` a line.
  private func exceptions() throws -> [String: Int] {
    let list = try #require(SourceTree.file("Tests/Fixtures/tidy/exceptions.txt"))
    var found: [String: Int] = [:]
    for line in list.lines where !line.isEmpty && !line.hasPrefix("#") {
      var words = line.split(separator: " ")
      let length = try #require(words.popLast().flatMap { Int($0) }, "no length in: \(line)")
      found[words.joined(separator: " ")] = length
    }
    return found
  }

  @Test func stringsAndCommentsDoNotCount() {
    let functions = SwiftText(
      ##"""
      protocol P {
        func promised(_ x: Int)
        var y: Int { get }
      }
      func a(_ f: () -> Void = { }) -> String {
        // func b() {
        let text = "{ \(c["}"] ?? "{") \\" + #"\(" { "# + """
          } func d() {
          """
        return text
      }
      struct S {
        package init?(
          x: Int
        ) where X: Y {
          self.x = x
        }
      }
      """##
    ).functions
    #expect(functions.map(\.name) == ["a", "init"])
    #expect(functions.map(\.line) == [5, 13])
    #expect(functions.map(\.length) == [7, 5])
  }
}

import Testing

/// What a finished house does not have lying about.
@Suite struct LeftoverTests {
  /// Put together here, so that this file does not find itself.
  private static let markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]

  @Test func noMarkers() {
    for file in SourceTree.files {
      for marker in Self.markers where file.mentions(marker) {
        for (index, line) in file.lines.enumerated() where line.containsWord(marker) {
          Issue.record("\(file.path):\(index + 1): \(marker): do it, or open an issue")
        }
      }
    }
  }

  @Test func noForcedTry() {
    for file in SourceTree.files where file.isSwift && file.mentions("try" + "!") {
      for (index, line) in SwiftText(file.text).lines.enumerated() where line.contains("try" + "!") {
        Issue.record("\(file.path):\(index + 1): a forced try turns an error into a crash")
      }
    }
  }

  @Test func noPathsOfOneMachine() {
    let homes = ["work", "root", "home", "Users"].map { "/" + $0 + "/" }
    for file in SourceTree.files {
      for home in homes where file.mentions(home) {
        for (index, line) in file.lines.enumerated() where line.containsPath(home) {
          Issue.record("\(file.path):\(index + 1): \(home) is a path of one machine")
        }
      }
    }
  }

  @Test func noPlaceholders() {
    for file in SourceTree.files where file.path.contains("/Place" + "holder.") {
      Issue.record("\(file.path) holds nothing")
    }
  }

  @Test func noTrailingBlanksAndOneNewlineAtTheEnd() {
    for file in SourceTree.files where file.isSwift || file.isC || file.path.hasPrefix("scripts/") {
      for (index, line) in file.lines.enumerated() where line.utf8.last == 0x20 || line.utf8.last == 0x09 {
        Issue.record("\(file.path):\(index + 1): blanks at the end of the line")
      }
      let endsWell = file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n")
      #expect(endsWell, "\(file.path) ends with one newline")
    }
  }
}

extension Substring {
  /// `word` with no letter or digit beside it.
  fileprivate func containsWord(_ word: String) -> Bool {
    guard let range = self.firstRange(of: word) else { return false }
    let before = range.lowerBound == startIndex ? nil : self[index(before: range.lowerBound)]
    let after = range.upperBound == endIndex ? nil : self[range.upperBound]
    return ![before, after].contains { $0?.isLetter == true || $0?.isNumber == true }
  }

  /// `path` at its beginning: not as the middle of a longer one or of an address.
  fileprivate func containsPath(_ path: String) -> Bool {
    guard let range = self.firstRange(of: path) else { return false }
    guard range.lowerBound > startIndex else { return true }
    let before = self[index(before: range.lowerBound)]
    return !(before.isLetter || before.isNumber || "._-/}".contains(before))
  }
}

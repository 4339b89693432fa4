import Foundation

/// What `Package.swift` says about targets, read as text: the package manager holds its lock while tests run.
struct Manifest {
  enum Kind: String, CaseIterable {
    case target, executableTarget, systemLibrary, testTarget
  }

  struct Target: Equatable {
    let kind: Kind
    let name: String
    /// Targets and products alike.
    let dependencies: [String]
  }

  let targets: [Target]

  init(_ text: String) {
    let list = text.components(separatedBy: "\n  targets: [").last ?? ""
    var targets: [Target] = []
    var rest = list[...]
    while let call = Manifest.nextCall(&rest) {
      let dependencies = Manifest.dependencies(in: call.body)
      guard let name = Manifest.quoted(call.body).first else { continue }
      targets.append(Target(kind: call.kind, name: name, dependencies: dependencies))
    }
    self.targets = targets
  }

  func target(_ name: String) -> Target? { targets.first { $0.name == name } }

  /// The next `.kind( … )` at the top of the list; comments are skipped by taking whole lines only.
  private static func nextCall(_ text: inout Substring) -> (kind: Kind, body: Substring)? {
    while let line = text.firstIndex(of: "\n").map({ text[..<$0] }) ?? (text.isEmpty ? nil : text) {
      let word = line.drop { $0 == " " }
      for kind in Kind.allCases where word.hasPrefix(".\(kind.rawValue)(") {
        let start = text.index(word.startIndex, offsetBy: kind.rawValue.count + 2)
        let body = balanced(text[start...], open: "(", close: ")")
        text = text[body.endIndex...]
        return (kind, body)
      }
      text = text[line.endIndex...].dropFirst()
    }
    return nil
  }

  /// What stands before the `close` that belongs to an `open` already taken.
  private static func balanced(_ text: Substring, open: Character, close: Character) -> Substring {
    var depth = 1
    for index in text.indices {
      if text[index] == open { depth += 1 }
      if text[index] == close { depth -= 1 }
      if depth == 0 { return text[..<index] }
    }
    return text
  }

  private static func dependencies(in body: Substring) -> [String] {
    let parts = body.split(separator: "dependencies: [", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return [] }
    var list = String(balanced(parts[1], open: "[", close: "]"))
    // `.product(name: "Yams", package: "Yams")` counts once, by its product.
    while let package = list.range(of: ", package: \"") {
      let end = list[package.upperBound...].firstIndex(of: "\"") ?? list.endIndex
      list.removeSubrange(package.lowerBound..<list.index(after: end))
    }
    return quoted(list[...])
  }

  private static func quoted(_ text: Substring) -> [String] {
    text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}

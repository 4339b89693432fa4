import Foundation

/// A fenced block of a document of the repository.
struct DocumentBlock: Sendable {
  /// `docs/rules.md`.
  var document: String
  /// Of its first line, from 1.
  var line: Int
  /// What stands behind the fence: `sh`, `yaml`, …; empty when nothing does.
  var kind: String
  var body: String

  var name: String { "\(document):\(line)" }

  /// Every document, by its path from the top of the repository.
  static let documents: [String] = {
    let top = Repository.path
    var found: [String] = []
    let walk = FileManager.default.enumerator(
      at: URL(filePath: top), includingPropertiesForKeys: nil, options: [.skipsHiddenFiles])
    while let url = walk?.nextObject() as? URL {
      if url.pathExtension == "md" { found.append(String(url.path.dropFirst(top.count + 1))) }
    }
    return found.sorted()
  }()

  static func all(of document: String) -> [DocumentBlock] {
    var found: [DocumentBlock] = []
    var open: (block: DocumentBlock, indent: Int)?
    let lines = text(of: "\(Repository.path)/\(document)").split(
      separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let bare = line.drop { $0 == " " }
      if bare.hasPrefix("```") {
        if let block = open?.block {
          found.append(block)
          open = nil
        } else {
          let kind = String(bare.dropFirst(3))
          let block = DocumentBlock(document: document, line: index + 2, kind: kind, body: "")
          open = (block, line.count - bare.count)
        }
      } else if let indent = open?.indent {
        open?.block.body += line.dropFirst(indent) + "\n"
      }
    }
    return found
  }

  /// Lines outside of fences that Markdown shows as code all the same.
  static func indentedLines(of document: String) -> [String] {
    var isOpen = false
    var found: [String] = []
    let lines = text(of: "\(Repository.path)/\(document)").split(
      separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      if line.drop(while: { $0 == " " }).hasPrefix("```") { isOpen.toggle() }
      if !isOpen, line.hasPrefix("    ") { found.append("\(document):\(index + 1)") }
    }
    return found
  }
}

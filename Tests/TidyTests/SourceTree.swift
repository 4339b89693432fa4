import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// The files of the repository that people write.
enum SourceTree {
  struct File {
    /// From the top of the repository: `Sources/Model/Event.swift`.
    let path: String
    let text: String
    let lines: [Substring]

    init(path: String, text: String) {
      self.path = path
      self.text = text
      lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The quick question before the lines are looked at one by one.
    func mentions(_ word: String) -> Bool { unsafe strstr(text, word) != nil }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }
    /// `Model` for `Sources/Model/Event.swift`.
    var target: String? {
      let parts = path.split(separator: "/")
      return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
  }

  static let root: String = {
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }()

  /// Everything below these, and the files at the top.
  private static let folders = [
    ".ci", "Sources", "Tests", "config", "database", "docs", "scripts", "systemd", "packaging",
    "Benchmarks", "Fuzz",
  ]

  static let files: [File] = {
    var paths: [String] = []
    for folder in folders {
      guard let found = FileManager.default.enumerator(atPath: root + "/" + folder) else { continue }
      for case let name as String in found { paths.append(folder + "/" + name) }
    }
    for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    where !name.hasPrefix(".") && name != "Package.resolved" && name != "LICENSE" {
      paths.append(name)
    }
    return paths.sorted().compactMap { path in
      // What is no text (fixtures hold packets) is no concern of ours; what a link shows stands elsewhere.
      guard !path.contains("/.build/"), !isLink(path),
        let data = FileManager.default.contents(atPath: root + "/" + path),
        let text = String(data: data, encoding: .utf8)
      else { return nil }
      return File(path: path, text: text)
    }
  }()

  private static func isLink(_ path: String) -> Bool {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: root + "/" + path)) != nil
  }

  static func file(_ path: String) -> File? { files.first { $0.path == path } }
}

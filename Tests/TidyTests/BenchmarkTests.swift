import Foundation
import Testing

/// `Benchmarks/` is built by `make bench` alone. What would make it count something else than the daemon, or
/// not build at all, is seen here without building it.
@Suite struct BenchmarkTests {
  private func manifests() throws -> (daemon: String, bench: String) {
    (
      try #require(SourceTree.file("Package.swift")).text,
      try #require(SourceTree.file("Benchmarks/Package.swift")).text
    )
  }

  /// `let name… = ` up to the next blank line.
  private func definition(_ name: String, in manifest: String) throws -> Substring {
    let start = try #require(manifest.firstRange(of: "\nlet \(name): [SwiftSetting]"))
    let end = try #require(manifest[start.upperBound...].firstRange(of: "\n\n"))
    return manifest[start.upperBound..<end.lowerBound]
  }

  @Test(arguments: ["house", "hot"])
  func settingsAreTheDaemons(_ name: String) throws {
    let (daemon, bench) = try manifests()
    #expect(try definition(name, in: bench) == definition(name, in: daemon))
  }

  @Test func roomsAreTheDaemons() throws {
    let (daemon, bench) = try manifests()
    let house = Manifest(daemon)
    let rooms = Manifest(bench).targets.filter { $0.name != "Bench" && $0.name != "CCallgrind" }
    #expect(rooms.count > 8)
    for room in rooms {
      let original = try #require(house.target(room.name), "\(room.name) is no target of the daemon")
      #expect(room.kind == original.kind)
      let missing = Set(original.dependencies).subtracting(room.dependencies)
      let isPart = room.name == "Daemon"
      #expect(isPart || missing.isEmpty, "\(room.name) in Benchmarks does not know \(missing.sorted())")
      #expect(Set(room.dependencies).isSubset(of: original.dependencies), "\(room.name) knows too much")
    }
  }

  /// What people read is what `make bench` compares with.
  @Test func theTableOfCasesIsThatOfTheThresholds() throws {
    func text(_ name: String) throws -> String {
      try String(contentsOfFile: "\(SourceTree.root)/Benchmarks/\(name)", encoding: .utf8)
    }
    let thresholds = try text("thresholds.txt").split(separator: "\n")
      .filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
    let table = try text("README.md").split(separator: "\n").drop {
      $0 != "| case | what one event does | instructions |"
    }
    .dropFirst(2).prefix { $0.hasPrefix("|") }
    let written = table.map { row in
      let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return "\(cells[0].filter { $0 != "`" }) \((cells.last ?? "").filter(\.isNumber))"
    }
    #expect(thresholds.count > 30)
    #expect(written.sorted() == thresholds.sorted())
  }

  /// Git keeps a link to a file that was renamed, and a patch may leave a file that only holds its path.
  @Test func linksLeadToSources() throws {
    let sources = SourceTree.root + "/Sources/"
    var count = 0
    for folder in ["Benchmarks/Sources", "Benchmarks/Sources/Daemon"] {
      let path = SourceTree.root + "/" + folder
      for name in try FileManager.default.contentsOfDirectory(atPath: path) {
        let link = path + "/" + name
        guard (try? FileManager.default.destinationOfSymbolicLink(atPath: link)) != nil else {
          #expect(!folder.hasSuffix("Daemon"), "\(folder)/\(name) is no link")
          continue
        }
        let target = URL(fileURLWithPath: link).resolvingSymlinksInPath().path
        let expected = sources + (folder.hasSuffix("Daemon") ? "Daemon/" : "") + name
        #expect(target == expected, "\(folder)/\(name) leads to \(target)")
        #expect(FileManager.default.fileExists(atPath: link), "\(folder)/\(name) leads nowhere")
        count += 1
      }
    }
    #expect(count > 15)
  }
}

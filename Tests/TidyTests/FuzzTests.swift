import Foundation
import Testing

/// The fuzz package (docs/hacking.md): small seeds, and the rooms themselves, not copies of them.
@Suite struct FuzzTests {
  private static let seedBytes = 1_023
  private static let seedCount = 30
  private let folder = SourceTree.root + "/Fuzz"

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder + "/" + path).sorted()
  }

  @Test func everyTargetHasItsSeedsAndItsDictionary() throws {
    let targets = try names("Targets").filter { $0 != "Probe" }.map { $0.lowercased() }
    #expect(try names("Corpus") == targets)
    #expect(try names("Dictionaries") == targets.map { $0 + ".dict" })
    let script = try #require(SourceTree.file("scripts/fuzz"))
    let manifest = try #require(SourceTree.file("Fuzz/Package.swift"))
    for target in targets {
      #expect(script.text.contains("[\(target)]="), "scripts/fuzz does not run \(target)")
      #expect(manifest.text.contains("\"\(target)\""), "Fuzz/Package.swift does not build \(target)")
    }
  }

  @Test func seedsAreSmallAndFew() throws {
    for target in try names("Corpus") {
      let seeds = try names("Corpus/\(target)")
      #expect(!seeds.isEmpty && seeds.count <= Self.seedCount, "\(target) has \(seeds.count) seeds")
      for seed in seeds {
        let path = "\(folder)/Corpus/\(target)/\(seed)"
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? .max
        #expect(size <= Self.seedBytes, "\(target)/\(seed) has \(size) bytes, \(Self.seedBytes) fit")
      }
    }
  }

  @Test func roomsAreLinks() throws {
    for room in try names("Rooms") {
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/Rooms/\(room)")
      #expect(target == "../../Sources/\(room)")
    }
  }
}

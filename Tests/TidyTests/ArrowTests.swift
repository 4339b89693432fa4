import Testing

/// The rooms know the hall and their own C modules, the house knows the rooms, and nobody knows more.
@Suite struct ArrowTests {
  private func manifest() throws -> Manifest {
    Manifest(try #require(SourceTree.file("Package.swift")).text)
  }

  @Test func theManifestIsRead() throws {
    let manifest = Manifest(
      """
      let package = Package(
        targets: [
          // .target(name: "Ghost"),
          .target(name: "A", dependencies: ["B", .product(name: "P", package: "p")]),
          .testTarget(
            name: "ATests", dependencies: ["A"], swiftSettings: house),
          .systemLibrary(name: "B", pkgConfig: "b", providers: [.apt(["libb-dev"])]),
        ]
      )
      """)
    #expect(
      manifest.targets == [
        .init(kind: .target, name: "A", dependencies: ["B", "P"]),
        .init(kind: .testTarget, name: "ATests", dependencies: ["A"]),
        .init(kind: .systemLibrary, name: "B", dependencies: []),
      ])
  }

  @Test func everyTargetHasItsPlaceInThePlan() throws {
    let targets = try manifest().targets.filter { $0.kind != .testTarget }
    #expect(Set(targets.map(\.name)) == Set(Plan.arrows.keys))
  }

  @Test func noArrowThatThePlanDoesNotHave() throws {
    for target in try manifest().targets {
      let allowed: Set<String>
      if target.kind == .testTarget {
        // A test target knows what it tests, the shared values and the fakes, and may hold a room against
        // the C library that does the same.
        allowed = Set([String(target.name.dropLast("Tests".count)), "Model", "TestKit", "CNetSNMP", "CPCRE2"])
          .union(target.name == "AcceptanceTests" ? ["muttd"] : [])
          // What the daemon composes, its tests compose too.
          .union(target.name == "DaemonTests" ? ["Delivery", "Intake", "Store"] : [])
      } else {
        allowed = Plan.arrows[target.name] ?? []
      }
      let surplus = Set(target.dependencies).subtracting(allowed)
      #expect(surplus.isEmpty, "\(target.name) must not depend on \(surplus.sorted())")
    }
  }

  @Test func everyFileImportsWhatItsRoomMayKnow() {
    for file in SourceTree.files where file.isSwift {
      guard let target = file.target, let arrows = Plan.arrows[target] else { continue }
      let allowed = arrows.union(Plan.system[target] ?? [])
      for module in imports(file) where !allowed.contains(module) {
        Issue.record("\(file.path) imports \(module), which \(target) must not know")
      }
    }
  }

  @Test func cModulesAreSeenAtTheRimOnly() {
    var seen: [String: [String]] = [:]
    for file in SourceTree.files where file.isSwift && file.target != nil {
      for module in imports(file) {
        seen[module, default: []].append(file.path)
        guard let places = Plan.rim[module] else { continue }
        #expect(places.contains { file.path.hasPrefix($0) }, "\(file.path) must not import \(module)")
      }
    }
    for module in Plan.oneFile {
      let files = seen[module] ?? []
      #expect(files.count <= 1, "\(module) is imported by more than one file: \(files)")
    }
  }

  @Test func theRimSpeaksInFixedWidthTypes() {
    for file in SourceTree.files where file.path.contains("/include/") && file.isC {
      for line in file.lines where line.hasPrefix("#include") {
        let name = line.dropFirst("#include".count).trimming(" <>\"")
        #expect(Plan.headers.contains(name), "\(file.path) includes \(name)")
      }
      #expect(!file.text.contains("#define _GNU_SOURCE"), "\(file.path): only .c files may ask for more")
    }
  }

  /// The modules a file imports.
  private func imports(_ file: SourceTree.File) -> [String] {
    file.lines.compactMap { line in
      guard line.utf8.contains(UInt8(ascii: "i")), line.contains("import ") else { return nil }
      var words = line.split(separator: " ")[...]
      let before: Set<Substring> = ["package", "public", "internal", "private", "fileprivate"]
      while let word = words.first, before.contains(word) || word.hasPrefix("@") { words.removeFirst() }
      guard words.first == "import", words.count > 1 else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "typealias", "let", "var"]
      let path = kinds.contains(words[words.startIndex + 1]) ? words.dropFirst(2) : words.dropFirst(1)
      return path.first.map { String($0.prefix { $0 != "." }) }
    }
  }
}

extension Substring {
  fileprivate func trimming(_ characters: String) -> String {
    var rest = self
    while let first = rest.first, characters.contains(first) { rest.removeFirst() }
    while let last = rest.last, characters.contains(last) { rest.removeLast() }
    return String(rest)
  }
}

import Model
import Policy

/// A rules file that cannot be loaded: what is wrong with it, and with those of its rules that could be read,
/// so that people mend all of it at once.
struct VerbUnloadable {
  /// As they stand in the file.
  let findings: [VerbFinding]
  /// What could be read.
  let catalog: VerbCatalog

  /// Nil when `file` can be loaded.
  private init?(_ file: String, _ config: Config) {
    let (read, problems): (RulesFile?, [ConfigProblem])
    switch RulesFile.readText(file) {
    case .success(let text): (read, problems) = RulesFile.parsePartly(text, fileName: file)
    case .failure(let problem): (read, problems) = (nil, [problem])
    }
    if problems.areHarmless { return nil }
    var catalog = VerbCatalog(catalog: read?.catalog ?? Catalog(), origin: file)
    catalog.lines = read?.lines ?? [:]
    catalog.catalog = VerbRules.tried(catalog.catalog, over: Catalog())
    self.catalog = catalog
    let unusable = VerbUnloadable.unusable(catalog, config)
    findings = (problems.map { VerbFinding($0, kind: .unloadable) } + unusable).enumerated()
      .sorted { left, right in
        let lines = (VerbUnloadable.line(left.element, catalog), VerbUnloadable.line(right.element, catalog))
        return (lines.0, left.offset) < (lines.1, right.offset)
      }.map(\.element)
  }

  /// What `file` was refused with, where it cannot be read a second time: it is a pipe, or another by now.
  init(_ file: String, _ config: Config, _ failure: DaemonFailure) {
    if let found = VerbUnloadable(file, config) {
      self = found
      return
    }
    catalog = VerbCatalog(catalog: Catalog(), origin: file)
    findings = failure.message.split(separator: "\n").map {
      VerbFinding(kind: .unloadable, isWarning: false, text: String($0))
    }
  }

  /// All of it, a line each.
  var text: String { findings.map { $0.line(in: catalog) }.joined(separator: "\n") }

  /// Rules of `file` that cannot be used, whether it can be loaded or not, and why it cannot be; for whoever
  /// has no configuration, and does not know its handlings: all that the rules name are taken for known.
  static func everything(wrongWith file: String) -> (VerbCatalog?, [VerbFinding]) {
    var config = Config()
    guard case .success(let text) = RulesFile.readText(file),
      let read = RulesFile.parsePartly(text, fileName: file).0
    else {
      let unloadable = VerbUnloadable(file, config)
      return (unloadable?.catalog, unloadable?.findings ?? [])
    }
    let known = Set((config.handling.forward + config.handling.record).map { $0.lowercased() })
    for rule in read.catalog.rules {
      for word in [rule.prodHandling, rule.devHandling] where !known.contains(word.lowercased()) {
        config.handling.record.append(word)
      }
    }
    if let unloadable = VerbUnloadable(file, config) { return (unloadable.catalog, unloadable.findings) }
    guard let catalog = try? VerbCatalog(forEmptyStore: file) else { return (nil, []) }
    return (catalog, unusable(catalog, config))
  }

  private static func unusable(_ catalog: VerbCatalog, _ config: Config) -> [VerbFinding] {
    // A set that is too large has been reported, or will be when the rest of it can be read.
    guard let snapshot = try? VerbDesk.compile(catalog.catalog, config, origin: catalog.origin) else {
      return []
    }
    return snapshot.quarantined.map {
      VerbFinding(kind: .unusable, isWarning: false, rule: $0.name, text: "cannot be used: \($0.reason)")
    }
  }

  private static func line(_ finding: VerbFinding, _ catalog: VerbCatalog) -> Int {
    finding.place?.line ?? finding.rule.flatMap { catalog.lines[$0] } ?? 0
  }
}

import Model
import Policy

/// A rules file that cannot be loaded: what is wrong with it, and with those of its rules that could be read,
/// so that people mend all of it at once.
struct VerbUnloadable {
  /// As they stand in the file.
  let findings: [VerbFinding]
  /// What could be read.
  let catalog: VerbCatalog

  /// `failure`: what `file` was refused with, for one that cannot be read a second time: it is a pipe, or
  /// another by now.
  init(_ file: String, _ config: Config, _ failure: DaemonFailure) {
    let (catalog, problems) = VerbUnloadable.read(file)
    if !problems.areHarmless {
      self.init(catalog, problems.map { VerbFinding($0, kind: .unloadable) }, config)
      return
    }
    let refusals = failure.message.split(separator: "\n").map {
      VerbFinding(kind: .unloadable, isWarning: false, text: String($0))
    }
    self.init(VerbCatalog(catalog: Catalog(), origin: file), refusals, config)
  }

  /// What is wrong with `file`, whether it can be loaded or not; for whoever has no configuration, and does
  /// not know its handlings: all that the rules name are taken for known.
  init(withoutConfig file: String) {
    let (catalog, problems) = VerbUnloadable.read(file)
    var config = Config()
    let known = Set((config.handling.forward + config.handling.record).map { $0.lowercased() })
    for rule in catalog.catalog.rules {
      for word in [rule.prodHandling, rule.devHandling] where !known.contains(word.lowercased()) {
        config.handling.record.append(word)
      }
    }
    self.init(catalog, problems.map { VerbFinding($0, kind: .unloadable) }, config)
  }

  private init(_ catalog: VerbCatalog, _ refusals: [VerbFinding], _ config: Config) {
    self.catalog = catalog
    // A set that is too large has been reported, or will be when the rest of it can be read.
    let snapshot = try? VerbDesk.compile(catalog.catalog, config, origin: catalog.origin)
    let unusable = snapshot.map { VerbFinding.unusable($0) } ?? []
    findings = (refusals + unusable).sorted(by: catalog.lines)
  }

  private static func read(_ file: String) -> (VerbCatalog, [ConfigProblem]) {
    let (read, problems): (RulesFile?, [ConfigProblem])
    switch RulesFile.readText(file) {
    case .success(let text): (read, problems) = RulesFile.parsePartly(text, fileName: file)
    case .failure(let problem): (read, problems) = (nil, [problem])
    }
    let rules = VerbRules.tried(read?.catalog ?? Catalog(), over: Catalog())
    var catalog = VerbCatalog(catalog: rules, origin: file)
    catalog.lines = read?.lines ?? [:]
    return (catalog, problems)
  }

  /// All of it, a line each.
  var text: String { findings.map { $0.line(in: catalog) }.joined(separator: "\n") }
}

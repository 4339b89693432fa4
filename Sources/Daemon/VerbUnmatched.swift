import Intake
import Model
import Policy
import Store

/// `muttd unmatched list|ignore`: what devices keep saying that no rule takes.
package struct VerbUnmatched: Sendable {
  let settings: VerbSettings
  let json: Bool

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  /// Most frequent first.
  struct Found {
    var kind: UnmatchedKind
    /// Events in the window.
    var count: Int
    var isIgnored: Bool
  }

  private static let listLimit = 1_000

  package func list(host: String?, limit: Int, showsIgnored: Bool) throws(DaemonFailure) {
    guard limit >= 1, limit <= VerbUnmatched.listLimit else {
      throw DaemonFailure(.usage, "--limit \(limit) is outside 1...\(VerbUnmatched.listLimit)")
    }
    let outbox = try VerbStore.openOutbox(try settings.load())
    defer { outbox.close() }
    if showsIgnored { return try listIgnored(outbox) }
    let all = try VerbUnmatched.found(outbox).filter { one in
      !one.isIgnored && (host.map { HostClaim.names(one.kind.host, $0) } ?? true)
    }
    var output = VerbOutput()
    if json {
      for one in all.prefix(limit) { output.json(VerbUnmatched.json(one.kind, count: one.count)) }
      return
    }
    var table = VerbTable(
      ["id", "count", "total", "last", "severity", "host", "alert", "template"], rightAligned: [1, 2])
    for one in all.prefix(limit) {
      let severity = Syslog.severityName(one.kind.severity).map { "\($0)" } ?? "-"
      table.add([
        one.kind.id, "\(one.count)", "\(one.kind.total)",
        VerbTime.text(Timestamp(milliseconds: one.kind.lastAt.milliseconds)), severity, one.kind.host,
        VerbUnmatched.word(one.kind.state), VerbAudit.short(one.kind.templateText),
      ])
    }
    if table.isEmpty { return output.line("no kinds of unmatched events") }
    table.write(to: &output)
    if all.count > limit { output.line("\(all.count - limit) more: --limit") }
  }

  private func listIgnored(_ outbox: Outbox) throws(DaemonFailure) {
    let ignored = try VerbStore.run { () throws(StoreError) in try outbox.ignored() }
    var output = VerbOutput()
    if json {
      for one in ignored {
        output.json(VerbUnmatched.json(one))
      }
      return
    }
    var table = VerbTable(["id", "since", "by", "host", "template", "reason"])
    for one in ignored {
      table.add([
        UnmatchedKind.id(one.key), VerbTime.text(Timestamp(milliseconds: one.since.milliseconds)), one.by,
        one.isEverywhere ? "(every host)" : one.host, VerbAudit.short(one.template), one.reason ?? "",
      ])
    }
    if table.isEmpty { output.line("nothing is ignored") } else { table.write(to: &output) }
  }

  /// No alert for these kinds any more, or one again. `everywhere`: for their templates on every host.
  package func ignore(
    _ ids: [String], everywhere: Bool, undo: Bool, reason: String?
  ) throws(DaemonFailure) {
    if ids.isEmpty { throw DaemonFailure(.usage, "name kinds by their ids: muttd unmatched list") }
    let outbox = try VerbStore.openOutbox(try settings.load())
    defer { outbox.close() }
    var output = VerbOutput()
    if undo { return try unignore(ids, outbox, &output) }
    let found = try VerbUnmatched.found(outbox)
    var chosen: [UnmatchedKind] = []
    for id in ids { chosen.append(try VerbUnmatched.find(id, found).kind) }
    let actor = VerbStore.actor(reason: VerbReason(text: reason))
    for kind in chosen {
      let key = everywhere ? kind.template : kind.key
      let one = Outbox.Ignored(
        key: key, isEverywhere: everywhere, host: kind.host, template: kind.templateText,
        since: SystemClock.now, by: actor.name, reason: reason)
      try VerbStore.run { () throws(StoreError) in try outbox.ignore(one) }
      report(
        key, everywhere ? "ignored on every host" : "ignored on \(kind.host)", kind.templateText, &output)
    }
  }

  private func unignore(
    _ ids: [String], _ outbox: Outbox, _ output: inout VerbOutput
  ) throws(DaemonFailure) {
    let ignored = try VerbStore.run { () throws(StoreError) in try outbox.ignored() }
    for id in ids {
      let start = id.lowercased()
      let fitting = start.count < 4 ? [] : ignored.filter { UnmatchedKind.id($0.key).hasPrefix(start) }
      guard let one = fitting.first else {
        throw DaemonFailure(
          .found, "\(id) is not ignored: muttd unmatched list --ignored shows ids, four digits are enough")
      }
      if Set(fitting.map(\.key)).count > 1 {
        throw DaemonFailure(.usage, "\(id) is the beginning of \(fitting.count) ids")
      }
      _ = try VerbStore.run { () throws(StoreError) in
        try outbox.unignore(key: one.key, isEverywhere: one.isEverywhere)
      }
      report(one.key, "no longer ignored", one.template, &output)
    }
  }

  private func report(_ key: UInt64, _ what: String, _ template: String, _ output: inout VerbOutput) {
    if json {
      var object = VerbJSON()
      object.add("id", UnmatchedKind.id(key))
      object.add("state", what)
      object.add("template", template)
      output.json(object)
    } else {
      output.line("\(UnmatchedKind.id(key)) \(what): \(VerbAudit.short(template))")
    }
  }

  // MARK: - Shared

  /// What is still in its window, most frequent first.
  static func found(_ outbox: Outbox) throws(DaemonFailure) -> [Found] {
    let (kinds, ignored) = try VerbStore.run { () throws(StoreError) in
      (try outbox.unmatchedKinds().kinds, try outbox.ignored())
    }
    let keys = Set(ignored.filter { !$0.isEverywhere }.map(\.key))
    let templates = Set(ignored.filter(\.isEverywhere).map(\.key))
    let now = SystemClock.now
    var found: [Found] = []
    for kind in kinds {
      let slice = max(0, now.nanoseconds) / kind.sliceLength
      let count = kind.count(at: slice)
      if count == 0 { continue }
      found.append(
        Found(
          kind: kind, count: count,
          isIgnored: keys.contains(kind.key) || templates.contains(kind.template)))
    }
    return found.sorted { ($0.count, $1.kind.key) > ($1.count, $0.kind.key) }
  }

  /// A kind by its id or the beginning of it.
  static func find(_ id: String, _ found: [Found]) throws(DaemonFailure) -> Found {
    let start = id.lowercased()
    let fitting = start.count < 4 ? [] : found.filter { $0.kind.id.hasPrefix(start) }
    guard let first = fitting.first else {
      throw DaemonFailure(
        .found, "there is no kind \(id) in the window: muttd unmatched list shows ids, four digits are enough"
      )
    }
    if fitting.count > 1 { throw DaemonFailure(.usage, "\(id) is the beginning of \(fitting.count) ids") }
    return first
  }

  private static func word(_ state: UnmatchedKind.State) -> String {
    switch state {
    case .quiet: "-"
    case .raised: "raised"
    case .waiting: "waiting"
    case .summed: "summary"
    }
  }

  static func json(_ one: Outbox.Ignored) -> VerbJSON {
    var object = VerbJSON()
    object.add("id", UnmatchedKind.id(one.key))
    object.add("everywhere", flag: one.isEverywhere)
    object.add("host", one.isEverywhere ? nil : one.host)
    object.add("template", one.template)
    object.add("since", time: one.since)
    object.add("by", one.by)
    object.add("reason", one.reason)
    return object
  }

  /// `count`: events in the window.
  static func json(_ kind: UnmatchedKind, count: Int) -> VerbJSON {
    var object = VerbJSON()
    object.add("id", kind.id)
    object.add("count", number: count)
    object.add("total", number: kind.total)
    object.add("first_at", time: kind.firstAt)
    object.add("last_at", time: kind.lastAt)
    object.add("source", kind.source.name)
    object.add("severity", Syslog.severityName(kind.severity).map { "\($0)" })
    object.add("host", kind.host)
    object.add("source_ip", kind.peer.isUnspecified ? nil : "\(kind.peer)")
    object.add("template", kind.templateText)
    object.add("trap_oid", kind.trapOID)
    object.add("sample", kind.line)
    object.add("alert", kind.state == .quiet ? nil : word(kind.state))
    object.add("alert_at", time: kind.state == .quiet ? nil : kind.stateAt)
    return object
  }
}

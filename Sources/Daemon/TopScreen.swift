import Foundation
import Model

/// What `muttd top` shows: two looks at `/api/v1/status`, and a sample of what is decided.
struct TopScreen {
  enum Style { case plain, head, alarm }

  struct Line {
    var text: String
    var style: Style
    /// Says that the lines below it are from before.
    var isOld: Bool

    init(_ text: String, _ style: Style = .plain, isOld: Bool = false) {
      self.text = text
      self.style = style
      self.isOld = isOld
    }
  }

  let now: [String: Any]
  let last: [String: Any]
  let shares: TopSources.Shares

  var lines: [Line] { head + flow + problems + destinations + listeners + rules + sources }

  private func part(_ name: String, _ status: [String: Any]? = nil) -> [String: Any] {
    (status ?? now)[name] as? [String: Any] ?? [:]
  }
  private func list(_ name: String, _ status: [String: Any]? = nil) -> [[String: Any]] {
    (status ?? now)[name] as? [[String: Any]] ?? []
  }
  private static func number(_ value: Any?) -> Int { value as? Int ?? 0 }

  /// `12 345`, so that digits can be counted.
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number.magnitude).reversed().enumerated() {
      if index > 0, index % 3 == 0 { text = " " + text }
      text = String(digit) + text
    }
    return number < 0 ? "-" + text : text
  }

  static func age(_ seconds: Int) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    if hours > 0 { return "\(hours) h \(minutes) min" }
    return minutes > 0 ? "\(minutes) min" : "\(seconds) s"
  }

  /// Seconds between the two looks; nil: they are the same one, or a restart lies between them.
  private var interval: Double? {
    func time(_ status: [String: Any]) -> Int64 {
      (status["time"] as? String).flatMap { Timestamp(rfc3339: $0) }?.nanoseconds ?? 0
    }
    func uptime(_ status: [String: Any]) -> Int {
      TopScreen.number(part("readiness", status)["uptime_s"])
    }
    let passed = time(now) - time(last)
    return passed > 0 && uptime(now) >= uptime(last) ? Double(passed) / 1e9 : nil
  }

  private func rate(_ now: Int, _ before: Int) -> String {
    guard let interval else { return "-" }
    return TopScreen.grouped(Int(Double(max(0, now - before)) / interval)) + "/s"
  }

  private var head: [Line] {
    let readiness = part("readiness")
    let status = readiness["status"] as? String ?? "?"
    let uptime = TopScreen.age(TopScreen.number(readiness["uptime_s"]))
    let version = readiness["version"] as? String ?? ""
    let time = (now["time"] as? String ?? "").prefix(19).replacing("T", with: " ")
    return [
      Line(
        "muttd \(version)  node \(TopScreen.number(readiness["node"]))  up \(uptime)  "
          + "\(status.uppercased())  \(time)Z", status == "ok" ? .head : .alarm)
    ]
  }

  private var flow: [Line] {
    let rates = part("rates")
    let accounts = part("accounts")
    let queues = part("queues")
    func rate(_ name: String) -> String { TopScreen.grouped(TopScreen.number(rates[name])) + "/s" }
    func sum(_ name: String) -> String { TopScreen.grouped(TopScreen.number(accounts[name])) }
    let shed = queues["sheds_from_severity"] as? Int
    let shedding = shed.map { "  SHEDS unmatched from severity \($0)" } ?? ""
    let isDropping = TopScreen.number(rates["kernel_dropped"]) > 0
    let dropping = isDropping ? "  NOW \(rate("kernel_dropped"))" : ""
    return [
      Line(
        "in      \(rate("received"))  (datagrams \(rate("datagrams")), frames \(rate("frames")))  "
          + "discarded \(rate("discarded"))"),
      Line(
        "drops   kernel \(sum("kernel_dropped"))\(dropping)  discarded \(sum("discarded"))  "
          + "audit shed \(sum("audit_shed"))  lost \(sum("lost"))", isDropping ? .alarm : .plain),
      Line("decided matched \(rate("matched"))  unmatched \(rate("unmatched"))"),
      Line(
        "queues  recorder \(TopScreen.number(queues["recorder_percent"])) %  "
          + "store \(TopScreen.number(queues["store_percent"])) %  audit pending \(sum("audit_pending"))"
          + shedding, shed == nil ? .plain : .alarm),
      Line(
        "out     delivered \(rate("delivered"))  retried \(rate("retried"))  pending \(sum("pending"))  "
          + "dead \(sum("dead"))  unrouted \(sum("unrouted"))"), Line(""),
    ]
  }

  private var problems: [Line] {
    let all = list("problems", part("readiness"))
    if all.isEmpty { return [] }
    let lines = all.prefix(5).map { problem in
      func word(_ key: String) -> String { problem[key] as? String ?? "" }
      let reason = word("reason").isEmpty ? "" : ": \(word("reason"))"
      return Line("! \(word("check")) \(word("name")) \(word("state"))\(reason) -> \(word("do"))", .alarm)
    }
    let more = all.count > 5 ? [Line("! \(all.count - 5) more: /readyz says which", .alarm)] : []
    return lines + more + [Line("")]
  }

  private var destinations: [Line] {
    let rows = list("destinations").map { destination in
      let state = destination["state"] as? String ?? "?"
      return Row(
        [
          destination["name"] as? String ?? "?", state,
          TopScreen.grouped(TopScreen.number(destination["pending"])),
          TopScreen.grouped(TopScreen.number(destination["dead"])),
          TopScreen.grouped(TopScreen.number(destination["delivered"])),
          destination["reason"] as? String ?? "",
        ], state == "works" ? .plain : .alarm)
    }
    return TopScreen.table(["destination", "state", "pending", "dead", "delivered", ""], rows, right: 2...4)
  }

  private var listeners: [Line] {
    let before = list("listeners", last)
    let rows = list("listeners").filter { $0["listening"] as? Bool != false }.map { listener in
      let name = listener["name"] as? String ?? "?"
      func count(_ listener: [String: Any]?) -> Int {
        TopScreen.number(listener?["datagrams"]) + TopScreen.number(listener?["frames"])
      }
      let old = before.first { $0["name"] as? String == name }
      let open = (listener["connections_open"] as? Int).map { TopScreen.grouped($0) } ?? "-"
      return Row([
        name, rate(count(listener), count(old)), TopScreen.grouped(count(listener)),
        TopScreen.grouped(TopScreen.number(listener["kernel_dropped"])), open,
      ])
    }
    return TopScreen.table(["listener", "rate", "received", "dropped", "open"], rows, right: 1...4)
  }

  /// Those that win most now, by the sample; with their numbers where the daemon lists them.
  private var rules: [Line] {
    let before = list("rules", last)
    let known = list("rules")
    func wins(_ list: [[String: Any]], _ name: String) -> Int? {
      list.first { $0["name"] as? String == name }?["matches"] as? Int
    }
    let rows = shares.rules.map { share in
      let sum = wins(known, share.name)
      return Row([
        share.name, "\(share.percent) %", sum.map { rate($0, wins(before, share.name) ?? 0) } ?? "-",
        sum.map { TopScreen.grouped($0) } ?? "-",
      ])
    }
    return TopScreen.table(["rule", "of a sample", "rate", "matches"], rows, right: 1...3)
  }

  private var sources: [Line] {
    if let failure = shares.failure { return [Line("no sample of rules and sources: \(failure)")] }
    let rows = shares.hosts.map { Row([$0.name, "\($0.percent) %"]) }
    return TopScreen.table(["source", "of a sample"], rows, right: 1...1)
  }

  private struct Row {
    var cells: [String]
    var style: Style

    init(_ cells: [String], _ style: Style = .plain) {
      self.cells = cells
      self.style = style
    }
  }

  private static func table(_ heads: [String], _ rows: [Row], right: ClosedRange<Int>) -> [Line] {
    if rows.isEmpty { return [] }
    var widths = heads.map(\.count)
    for row in rows {
      for (index, cell) in row.cells.enumerated() { widths[index] = max(widths[index], cell.count) }
    }
    let lines = ([Row(heads, .head)] + rows).map { row in
      let cells = row.cells.enumerated().map { index, cell in
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        return right.contains(index) ? padding + cell : cell + padding
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return Line(line, row.style)
    }
    return lines + [Line("")]
  }
}

import Model
import Policy

/// What the log says of storms.
enum StormNotice {
  static func notice(_ item: StormNews.Item, _ limit: StormLimit) -> Notice {
    let storm = item.storm
    // `name` keeps the storms of different sources apart where repeats are folded.
    var fields: [(String, Notice.Value)] = [
      ("name", .text(name(of: storm))), ("source_ip", .text("\(storm.peer)")),
      ("host", storm.host.isEmpty ? .null : .text(storm.host)), ("rate", .text("\(limit.rate)")),
      ("burst", .number(Int64(limit.burst))),
    ]
    if item.begins {
      return Notice(
        .warning, "intake", "a storm begins: what a source sends beyond storm.rate is shed", fields)
    }
    let seconds = Double(storm.length) / 1_000_000_000
    fields += [
      ("shed", .number(Int64(clamping: storm.shed))), ("received", .number(Int64(clamping: storm.arrived))),
      ("since", .text(storm.since.rfc3339(digits: 3))), ("lasted_s", .number(Int64(seconds.rounded(.up)))),
      ("events_per_s", .number(Int64(Double(storm.arrived) / max(seconds, 1)))),
    ]
    return Notice(.warning, "intake", "a storm is over", fields)
  }

  static func notice(_ untold: StormNews.Untold) -> Notice {
    Notice(
      .warning, "intake", "more storms than the log tells one by one",
      [
        ("began", .number(Int64(clamping: untold.began))), ("ended", .number(Int64(clamping: untold.ended))),
        ("shed", .number(Int64(clamping: untold.shed))),
      ])
  }

  /// `192.0.2.1`, or `core1 by 192.0.2.1` for a host behind a relay.
  static func name(of storm: StormTable.Storm) -> String {
    storm.host.isEmpty ? "\(storm.peer)" : "\(storm.host) by \(storm.peer)"
  }
}

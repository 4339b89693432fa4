// The closed vocabularies of an event. Raw values are bytes because they stand in rows; `name` is what the
// tables, the payload, the metrics and the logs say.

/// How an event came in.
package enum EventSource: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case syslog, trap, `internal`
  package var name: StaticString {
    switch self {
    case .syslog: "syslog"
    case .trap: "trap"
    case .internal: "internal"
    }
  }
}

/// How well a datagram could be read (DESIGN §2). `loose`: a PRI and a message, the rest guessed;
/// `unparsed`: the bytes are the message.
package enum ParseStatus: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case rfc5424, rfc3164, loose, unparsed, trap, `internal`
  package var name: StaticString {
    switch self {
    case .rfc5424: "rfc5424"
    case .rfc3164: "rfc3164"
    case .loose: "loose"
    case .unparsed: "unparsed"
    case .trap: "trap"
    case .internal: "internal"
    }
  }
}

/// What decided who sent an event.
package enum HostSource: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// The header's host, snmpTrapAddress or agent-addr, believed.
  case header
  /// An address that `devices` maps to a name.
  case devices
  /// No claim: the address that sent the datagram.
  case peer
  /// A claim from a peer that is neither a relay nor known; never makes a host a development host.
  case claimed
  package var name: StaticString {
    switch self {
    case .header: "header"
    case .devices: "devices"
    case .peer: "peer"
    case .claimed: "claimed"
    }
  }
}

/// Whose clock `event_timestamp` shows.
package enum ClockSource: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case device, arrival
  package var name: StaticString {
    switch self {
    case .device: "device"
    case .arrival: "arrival"
    }
  }
}

package enum Environment: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case prod, dev
  package var name: StaticString {
    switch self {
    case .prod: "prod"
    case .dev: "dev"
    }
  }
}

/// Which of `teams.order` gave the team.
package enum TeamSource: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  case rule, device, `default`
  package var name: StaticString {
    switch self {
    case .rule: "rule"
    case .device: "device"
    case .default: "default"
    }
  }
}

/// Where the severity of an alert came from.
package enum SeveritySource: UInt8, BitwiseCopyable, Sendable {
  case rule, syslog, `default`
  package var name: StaticString {
    switch self {
    case .rule: "rule"
    case .syslog: "syslog"
    case .default: "default"
    }
  }
}

/// Syslog severities and facilities by code (RFC 5424 §6.2.1, names of syslog(3)).
package enum Syslog {
  /// 0 emerg … 7 debug; nil outside.
  package static func severityName(_ code: Int8) -> StaticString? {
    switch code {
    case 0: "emerg"
    case 1: "alert"
    case 2: "crit"
    case 3: "err"
    case 4: "warning"
    case 5: "notice"
    case 6: "info"
    case 7: "debug"
    default: nil
    }
  }

  /// 0 kern … 23 local7; nil outside.
  package static func facilityName(_ code: Int8) -> StaticString? {
    switch code {
    case 0: "kern"
    case 1: "user"
    case 2: "mail"
    case 3: "daemon"
    case 4: "auth"
    case 5: "syslog"
    case 6: "lpr"
    case 7: "news"
    case 8: "uucp"
    case 9: "cron"
    case 10: "authpriv"
    case 11: "ftp"
    case 12: "ntp"
    case 13: "audit"
    case 14: "alert"
    case 15: "clock"
    case 16: "local0"
    case 17: "local1"
    case 18: "local2"
    case 19: "local3"
    case 20: "local4"
    case 21: "local5"
    case 22: "local6"
    case 23: "local7"
    default: nil
    }
  }

  /// The alert severity of Moogsoft's scale (DESIGN §10) for a syslog severity: 0-2 → 5, 3 → 4, 4 → 2,
  /// 5-7 → 1; 0 is kept for clears. An unknown severity counts as a warning.
  package static func alertSeverity(_ code: Int8) -> Int8 {
    switch code {
    case 0...2: 5
    case 3: 4
    case 5...7: 1
    default: 2
    }
  }
}

package import Model
package import Policy
package import Wire

/// What workers read, let in and keep, as the configuration has it.
package struct WorkerSettings: Sendable {
  /// `audit.events: all`: unmatched events get a row too.
  package var auditsAll = false
  /// Rows of a full batch, `audit.batch`.
  package var batchRows = 1_000
  /// Longest wait of a row in a worker, nanoseconds, `audit.flush`.
  package var flush: Int64 = 100_000_000
  /// `syslog.match: raw`.
  package var matchesRaw = false
  package var zone = Zone.utc
  /// Zones of single sources, `syslog.timezones`.
  package var sourceZones: [SourceZone] = []
  /// Longest syslog datagram that is kept whole, bytes.
  package var maxMessage = 8_192
  /// Who is let in; an empty set: everyone.
  package var allow = NetworkSet()
  /// What one source may send; nil: no limit.
  package var storm: StormLimit?
  /// The same for traps, and whether they have networks of their own.
  package var trapSources = NetworkSet()
  package var hasTrapSources = false
  /// Communities that are let in; empty: any.
  package var communities: [[UInt8]] = []
  /// SNMPv3; nil: there are no users, and no message of it is taken.
  package var security: TrapSecurity?
  /// Informs are acknowledged, and remembered so that a repeated one is counted once.
  package var answersInforms = false
  /// Unmatched events of this severity and worse are counted, 0...7, `unmatched.severity`.
  package var unmatchedSeverity: Int8 = 4
  /// How long a worker counts unmatched events before it tells, nanoseconds.
  package var tellsTemplatesAfter: Int64 = 200_000_000
  /// How long a worker notes which devices it hears before it tells, nanoseconds.
  package var tellsDevicesAfter: Int64 = 5_000_000_000
  /// What the numbers in traps are called.
  package var names = ObjectNames.builtIn

  package init() {}

  /// These, with what a running worker can exchange taken from `next`: who is let in and how much of each,
  /// what a clock without a zone means, what rules see, which unmatched events count, who may speak SNMPv3,
  /// which events get a row, and how long it waits.
  package func exchanging(_ next: WorkerSettings) -> WorkerSettings {
    var settings = self
    settings.matchesRaw = next.matchesRaw
    settings.zone = next.zone
    settings.sourceZones = next.sourceZones
    settings.allow = next.allow
    settings.trapSources = next.trapSources
    settings.hasTrapSources = next.hasTrapSources
    settings.communities = next.communities
    settings.security = next.security
    settings.storm = next.storm
    settings.unmatchedSeverity = next.unmatchedSeverity
    settings.auditsAll = next.auditsAll
    settings.flush = next.flush
    return settings
  }
}

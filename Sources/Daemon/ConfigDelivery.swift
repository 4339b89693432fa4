package import Delivery

extension Config.Destination {
  /// What the delivering part needs. Its seconds are whole: parts of one count as one.
  package var settings: DestinationSettings {
    DestinationSettings(
      name: name, url: url.revealed, headers: headers.map { (name: $0.name, value: $0.value.revealed) },
      match: RouteMatch(
        handling: match.handling, team: match.team, environment: match.environment,
        minSeverity: match.minSeverity),
      sendsRaw: raw, timeoutSeconds: timeout.wholeSeconds, concurrency: concurrency,
      retryInitialMs: retry.initial.milliseconds, retryMaxMs: retry.max.milliseconds,
      maxAgeSeconds: maxAge.wholeSeconds, staleAfterSeconds: staleAfter.wholeSeconds)
  }
}

extension Duration {
  /// Rounded up.
  var wholeSeconds: Int { Int(components.seconds) + (components.attoseconds > 0 ? 1 : 0) }
  /// Rounded down; configured lengths of time are whole milliseconds.
  var milliseconds: Int {
    Int(components.seconds) * 1_000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}

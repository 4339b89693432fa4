import Intake
import Model

/// The certificates of the daemon's TLS listeners: read at start, again at every reload.
struct TLSKeeper: Sendable {
  /// Nil without a TLS listener.
  let identity: TLSIdentity?
  private let notices: NoticeSink

  init(config: Config, notices: @escaping NoticeSink) throws(DaemonFailure) {
    self.notices = notices
    do throws(IntakeError) {
      if let files = config.tlsFiles { identity = try TLSIdentity(files) } else { identity = nil }
    } catch {
      throw DaemonFailure(.configuration, "listen.tls: \(error.message)")
    }
    warn()
  }

  /// The reason when a file cannot be used any more; the certificate that was read before goes on.
  func reread() -> String? {
    do throws(IntakeError) {
      try identity?.reread()
    } catch {
      return "listen.tls: \(error.message)"
    }
    warn()
    return nil
  }

  private func warn() {
    guard let identity, let problem = TLSKeeper.problem(identity.current, now: SystemClock.now) else {
      return
    }
    notices(
      Notice(
        .warning, "intake", "the certificate in listen.tls.certificate \(problem)",
        [("file", .text(identity.files.certificate ?? ""))]))
  }

  /// A certificate is worth a warning so long before its end, nanoseconds; short-lived ones in the last third
  /// of their time.
  private static let renewal: Int64 = 14 * 86_400_000_000_000

  /// What is wrong with the certificate's time, as the end of a sentence; nil: nothing.
  static func problem(_ context: TLSContext, now: Timestamp) -> String? {
    let (from, to) = context.validity
    if !to.isAbsent, to < now {
      return "expired at \(to.rfc3339(digits: 0)); clients will refuse it: renew it, then: muttd reload"
    }
    if !from.isAbsent, from > now {
      return "holds from \(from.rfc3339(digits: 0)) only; clients will refuse it until then"
    }
    if !to.isAbsent, !from.isAbsent, to.since(now) < min(renewal, to.since(from) / 3) {
      return "expires at \(to.rfc3339(digits: 0)): renew it, then: muttd reload"
    }
    return nil
  }
}

import Intake
import Model

/// The certificates of the daemon's TLS listeners: read at start, again at every reload.
struct TLSKeeper: Sendable {
  /// Of all listeners; nil without one that speaks TLS.
  private(set) var identity: TLSIdentity?

  init(config: Config, notices: @escaping NoticeSink) throws(DaemonFailure) {
    do throws(IntakeError) {
      if let files = config.tlsFiles { identity = try TLSIdentity(files) } else { identity = nil }
    } catch {
      throw DaemonFailure(.configuration, "listen.tls: \(error.message)")
    }
    warn(config.tlsFiles, notices)
  }

  /// What a reload will show.
  struct Renewal: Sendable {
    /// Of the listeners, those that are there and those to come.
    let identity: TLSIdentity
    fileprivate let context: TLSContext
    fileprivate let files: TLSFiles
  }

  /// The files read again, whichever `next` names; nil without a TLS listener.
  func renewal(_ next: Config) throws(DaemonFailure) -> Renewal? {
    guard let files = next.tlsFiles else { return nil }
    do throws(IntakeError) {
      let context = try TLSIdentity.read(files)
      return Renewal(identity: identity ?? TLSIdentity(context), context: context, files: files)
    } catch {
      throw DaemonFailure(.configuration, "listen.tls: \(error.message)")
    }
  }

  mutating func take(_ renewal: Renewal, _ notices: NoticeSink) {
    identity = renewal.identity
    renewal.identity.replace(with: renewal.context)
    warn(renewal.files, notices)
  }

  private func warn(_ files: TLSFiles?, _ notices: NoticeSink) {
    guard let identity, let problem = TLSKeeper.problem(identity.current, now: SystemClock.now) else {
      return
    }
    notices(
      Notice(
        .warning, "intake", "the certificate in listen.tls.certificate \(problem)",
        [("file", .text(files?.certificate ?? ""))]))
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

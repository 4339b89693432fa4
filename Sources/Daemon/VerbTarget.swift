import Foundation
import Intake
import Model

/// Where `muttd send` sends: a datagram each, or counted frames (RFC 6587, RFC 5425) on one stream.
struct VerbTarget: ~Copyable {
  /// `udp 127.0.0.1:5514`, for people.
  let text: String
  // Neither where the target was only checked.
  private let datagrams: DatagramSender?
  private let stream: StreamSender?

  private init(_ text: String, _ datagrams: consuming DatagramSender?, _ stream: consuming StreamSender?) {
    self.text = text
    self.datagrams = datagrams
    self.stream = stream
  }

  /// - Parameters:
  ///   - target: `[udp://|tcp://|tls://]ADDRESS:PORT`.
  ///   - connects: false: the target is only checked.
  static func open(
    _ target: String, tls files: TLSFiles, connects: Bool, allowsStreams: Bool
  ) throws(DaemonFailure) -> VerbTarget {
    let (transport, address) = try VerbTarget.parse(target, allowsStreams: allowsStreams)
    if files != TLSFiles(), transport != .tls {
      throw DaemonFailure(.usage, "--ca, --certificate and --key are for tls:// targets")
    }
    let text = "\(transport.rawValue) \(address)"
    if !connects { return VerbTarget(text, nil, nil) }
    do throws(IntakeError) {
      switch transport {
      case .udp: return VerbTarget(text, try DatagramSender(to: address), nil)
      case .tcp: return VerbTarget(text, nil, try StreamSender(to: address))
      case .tls:
        return VerbTarget(text, nil, try StreamSender(to: address, tls: TLSContext(.client, files)))
      }
    } catch {
      throw DaemonFailure(error.code == .certificate ? .usage : .unavailable, error.message)
    }
  }

  /// What a configuration has a list of listeners of.
  enum Kind {
    case syslog, notifications

    /// Where nothing says where a daemon listens: what one that is tried out would take.
    fileprivate var port: Int { self == .syslog ? 5514 : 5162 }
    fileprivate var key: String { self == .syslog ? "listen.syslog" : "listen.snmp" }
  }

  /// The first listener of the configuration on this machine, by UDP where there is one. A file that this
  /// user may not read is taken to be the one that was installed, which listens where everybody does. One
  /// that is read and does not tell is no reason to send to somebody else.
  static func standard(_ kind: Kind, config path: String?) throws(DaemonFailure) -> String {
    let settings = VerbSettings(path: path, stateDirectory: nil, store: nil)
    guard let file = settings.path else { return "127.0.0.1:\(kind.port)" }
    let read = Config.listen(path: file, environment: ProcessInfo.processInfo.environment)
    if read == nil, path != nil { throw DaemonFailure(.configuration, "\(file) cannot be read") }
    let (listen, problems) = read ?? (Config.Listen(), [])
    if !problems.isEmpty {
      throw DaemonFailure(.configuration, problems.map { "\($0)" }.joined(separator: "\n"))
    }
    let all = kind == .syslog ? listen.syslog : listen.snmp
    // Which port 0 has become, only the daemon knows.
    let places = all.filter { $0.port != 0 }
    guard var place = places.first(where: { !$0.transport.isStream }) ?? places.first else {
      throw DaemonFailure(.usage, "\(kind.key) \(all.isEmpty ? "is empty" : "names no port"): name --to")
    }
    if place.address.isUnspecified {
      place.address = place.address.v4 == nil ? IPAddress(high: 0, low: 1) : IPAddress(v4: 127, 0, 0, 1)
    }
    return place.transport.isStream ? "\(place.transport.rawValue)://\(place)" : "\(place)"
  }

  private static func parse(
    _ target: String, allowsStreams: Bool
  ) throws(DaemonFailure) -> (Config.Endpoint.Transport, ListenAddress) {
    let known = Config.Endpoint.Transport.allCases.filter { allowsStreams || !$0.isStream }
    let transport = known.first { target.hasPrefix($0.rawValue + "://") }
    let rest = transport.map { String(target.dropFirst($0.rawValue.count + 3)) } ?? target
    do throws(IntakeError) {
      return (transport ?? .udp, try ListenAddress(parsing: rest))
    } catch {
      throw DaemonFailure(
        .usage,
        "--to \"\(target)\" is no address: write ADDRESS:PORT, for example 127.0.0.1:5514 or [::1]:5514"
          + (allowsStreams ? ", with tcp:// or tls:// in front for a stream" : ""))
    }
  }

  func send(_ event: [UInt8]) throws(DaemonFailure) {
    do throws(IntakeError) {
      try datagrams?.send(event)
      if stream == nil { return }
      var frame: [UInt8] = []
      frame.append(decimal: event.count)
      frame.append(UInt8(ascii: " "))
      try stream?.send(frame + event)
    } catch {
      throw DaemonFailure(.unavailable, error.message)
    }
  }

  /// How long to wait for the word that nobody listens to datagrams, milliseconds.
  private static let refusalWait: Int32 = 50

  /// Waits until a stream has been read to its end, or a datagram may have been refused.
  func finish() throws(DaemonFailure) {
    do throws(IntakeError) {
      try datagrams?.finish(wait: VerbTarget.refusalWait)
      try stream?.finish()
    } catch {
      throw DaemonFailure(.unavailable, error.message)
    }
  }
}

import Foundation
import Intake
import Model
import Wire

/// `muttd send`: test events through a real socket.
package struct VerbSend: Sendable {
  package var target: String
  package var count = 1
  /// Events a second; nil: as fast as the socket takes them.
  package var rate: Double?
  /// Prints the datagrams (a trap in hexadecimal) and sends nothing.
  package var printsOnly = false
  package var isQuiet = false
  /// For `tls://`: whose certificates to believe, and what to show. Without authorities any will do.
  package var authorities: String?
  package var certificate: String?
  package var key: String?

  package init(target: String) { self.target = target }

  /// Where syslog messages go that nobody gave a target.
  package static func syslogTarget(config: String?) throws -> String {
    try VerbTarget.standard(.syslog, config: config)
  }

  /// The same of traps and informs.
  package static func trapTarget(config: String?) throws -> String {
    try VerbTarget.standard(.notifications, config: config)
  }

  package struct Syslog: Sendable {
    package enum Format: String, Sendable, CaseIterable {
      case rfc3164, rfc5424
    }
    package var host: String?
    package var app: String?
    package var procid: String?
    package var msgid: String?
    package var severity = "notice"
    package var facility = "local7"
    package var format = Format.rfc3164
    /// Empty: a line of standard input each.
    package var messages: [String] = []

    package init() {}
  }

  package func syslog(_ syslog: Syslog) throws(DaemonFailure) {
    let severity = try VerbSend.code(
      syslog.severity, in: (0...7).compactMap { Model.Syslog.severityName($0).map { "\($0)" } }, "severity")
    let facility = try VerbSend.code(
      syslog.facility, in: (0...23).compactMap { Model.Syslog.facilityName($0).map { "\($0)" } }, "facility")
    var sender = try Sender.make(self, allowsStreams: true)
    func datagram(_ message: String) -> [UInt8] {
      let now = SystemClock.now
      switch syslog.format {
      case .rfc3164:
        return SyslogEncoder.rfc3164(
          facility: facility, severity: severity, time: now, host: syslog.host ?? VerbSend.hostName,
          app: syslog.app, procid: syslog.procid, message: message)
      case .rfc5424:
        return SyslogEncoder.rfc5424(
          facility: facility, severity: severity, time: now, host: syslog.host ?? VerbSend.hostName,
          app: syslog.app, procid: syslog.procid, msgid: syslog.msgid, message: message)
      }
    }
    if syslog.messages.isEmpty {
      var lines = VerbLines("-")
      while let line = try lines.next() {
        for _ in 0..<count { try sender.send(datagram(String(decoding: line, as: UTF8.self)), isText: true) }
      }
    } else {
      for _ in 0..<count {
        for message in syslog.messages { try sender.send(datagram(message), isText: true) }
      }
    }
    try sender.report("syslog message")
  }

  /// A name of syslog(3) or its number.
  private static func code(_ word: String, in names: [String], _ what: String) throws(DaemonFailure) -> Int {
    if let number = Int(word), names.indices.contains(number) { return number }
    let aliases = ["error": "err", "warn": "warning", "panic": "emerg", "security": "auth"]
    let wanted = aliases[word.lowercased()] ?? word.lowercased()
    if let index = names.firstIndex(of: wanted) { return index }
    let nearest = ConfigSpelling.nearest(word, in: names) ?? ""
    throw DaemonFailure(
      .usage, "--\(what) \"\(word)\" is none of \(names.joined(separator: ", ")); nearest: \(nearest)")
  }

  /// Connected, so that a port nobody listens on is an error of the next datagram.
  static func socket(to target: String) throws(DaemonFailure) -> DatagramSender {
    let address: ListenAddress
    do throws(IntakeError) {
      address = try ListenAddress(parsing: target)
    } catch {
      throw DaemonFailure(
        .usage,
        "--to \"\(target)\" is no address: write ADDRESS:PORT, for example 127.0.0.1:5514 or [::1]:5514")
    }
    do throws(IntakeError) {
      return try DatagramSender(to: address)
    } catch {
      throw DaemonFailure(.unavailable, error.message)
    }
  }

  private static var hostName: String {
    let name = ProcessInfo.processInfo.hostName
    return name.isEmpty ? "localhost" : name
  }

  /// The socket, the pace and the count.
  struct Sender: ~Copyable {
    private let target: VerbTarget
    private let rate: Double?
    private let printsOnly: Bool
    private let isQuiet: Bool
    private let start = SystemClock.monotonic
    private var sent = 0
    private var bytes = 0

    static func make(_ verb: VerbSend, allowsStreams: Bool) throws(DaemonFailure) -> Sender {
      guard verb.count >= 1 else { throw DaemonFailure(.usage, "--count \(verb.count) is below 1") }
      if let rate = verb.rate, rate <= 0 {
        throw DaemonFailure(.usage, "--rate \(rate) is not above 0")
      }
      let files = TLSFiles(certificate: verb.certificate, key: verb.key, authorities: verb.authorities)
      return Sender(
        try VerbTarget.open(
          verb.target, tls: files, connects: !verb.printsOnly, allowsStreams: allowsStreams), verb)
    }

    private init(_ target: consuming VerbTarget, _ verb: VerbSend) {
      self.target = target
      rate = verb.rate
      printsOnly = verb.printsOnly
      isQuiet = verb.isQuiet
    }

    mutating func send(_ datagram: [UInt8], isText: Bool) throws(DaemonFailure) {
      if printsOnly {
        var output = VerbOutput()
        if isText {
          output.line(String(decoding: datagram, as: UTF8.self))
        } else {
          output.line(VerbHex.text(datagram))
        }
        return
      }
      waitForTurn()
      try target.send(datagram)
      sent += 1
      bytes += datagram.count
    }

    /// The n-th event leaves n / rate seconds after the first.
    private func waitForTurn() {
      guard let rate, sent > 0 else { return }
      let due = start + Int64(Double(sent) / rate * 1_000_000_000)
      let wait = (due - SystemClock.monotonic) / 1_000_000
      if wait > 0 { DaemonThread.pause(milliseconds: Int(wait)) }
    }

    func report(_ what: String) throws(DaemonFailure) {
      try target.finish()
      if printsOnly || isQuiet { return }
      var output = VerbOutput()
      output.line("sent \(sent) \(what)\(sent == 1 ? "" : "s"), \(bytes) bytes, to \(target.text)")
    }
  }
}

extension VerbHex {
  static func text(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for byte in bytes { text.append(hexByte: byte) }
    return String(decoding: text, as: UTF8.self)
  }
}

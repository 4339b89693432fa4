import Foundation
import Intake
import Model
import Wire

extension VerbSend {
  /// A notification in words.
  package struct Trap: Sendable {
    package var version = "2c"
    package var community = "public"
    package var agent: String?
    package var uptime: String?
    package var trap = ""
    package var varbinds: [String] = []
    /// An inform: sent until it is acknowledged, five times at most.
    package var isInform = false
    /// Seconds to wait for each answer.
    package var timeout = 2.0
    /// SNMPv3.
    package var user: User?

    package init() {}
  }

  /// A user of SNMPv3; passwords may be `${env:NAME}` or `${file:PATH}`.
  package struct User: Sendable {
    package var name: String
    package var authentication: String?
    package var authenticationPassword: String?
    package var privacy: String?
    package var privacyPassword: String?

    package init(_ name: String) { self.name = name }
  }

  package func trap(_ trap: Trap) throws(DaemonFailure) {
    let words = try VerbTrapWords(trap: trap.trap, varbinds: trap.varbinds)
    let version = try VerbSend.version(trap)
    if version == .v1, let fault = words.faultInVersion1 {
      throw DaemonFailure(.usage, "\(fault): --version 2c or 3")
    }
    let agent = try VerbMatch.address(trap.agent, option: "--agent")
    var uptime: UInt32?
    if let text = trap.uptime {
      guard let ticks = UInt32(text) else {
        throw DaemonFailure(.usage, "--uptime \"\(text)\" is no number of hundredths of a second")
      }
      uptime = ticks
    }
    guard trap.timeout > 0, trap.timeout <= 3_600 else {
      throw DaemonFailure(.usage, "--timeout \(trap.timeout) does not lie in 0...3600")
    }
    // What is sent again under one request id is one notification: a run begins anywhere.
    let firstID = trap.isInform ? Int32.random(in: 1...Int32.max / 2) : 0
    func packet(_ index: Int) -> [UInt8] {
      words.packet(
        version: version, kind: trap.isInform ? .inform : .trap, community: trap.community, agent: agent,
        requestID: Int32(truncatingIfNeeded: Int(firstID) + index + 1),
        uptimeTicks: uptime ?? UInt32(truncatingIfNeeded: SystemClock.monotonic / 10_000_000))
    }
    let user = try trap.user?.ready()
    if trap.isInform, !printsOnly {
      var session = try VerbInformSession(to: target, timeout: trap.timeout, user: user)
      for index in 0..<count { try session.inform(packet(index)) }
      if !isQuiet {
        var output = VerbOutput()
        output.line("\(count) SNMP v\(version.name) inform\(count == 1 ? "" : "s") acknowledged by \(target)")
      }
      return
    }
    var sender = try Sender.make(self, allowsStreams: false)
    for index in 0..<count {
      var bytes = packet(index)
      if let user { bytes = try VerbSecuredTrap(user).message(bytes, id: Int64(index) + 1) }
      try sender.send(bytes, isText: false)
    }
    try sender.report("SNMP v\(version.name) trap")
  }

  private static func version(_ trap: Trap) throws(DaemonFailure) -> Wire.Trap.Version {
    switch trap.version {
    case "1", "v1":
      if trap.isInform { throw DaemonFailure(.usage, "SNMP v1 has no informs: --version 2c or 3") }
      return .v1
    case "2c", "v2c", "2": return .v2c
    case "3", "v3":
      if trap.user == nil { throw DaemonFailure(.usage, "--version 3 needs a --user") }
      return .v3
    default: throw DaemonFailure(.usage, "--version \"\(trap.version)\" is none of 1, 2c, 3")
    }
  }
}

extension VerbSend.User {
  /// The user with its keys. Passwords are never repeated in a message.
  func ready() throws(DaemonFailure) -> TrapUser {
    guard !name.isEmpty, name.utf8.count <= 32 else {
      throw DaemonFailure(.usage, "--user \"\(name)\" is no name of 1 to 32 bytes")
    }
    var user = Config.TrapUser()
    user.name = name
    if let authentication {
      guard let found = TrapAuthentication(named: authentication) else {
        let names = TrapAuthentication.allCases.map(\.name).joined(separator: ", ")
        throw DaemonFailure(.usage, "--auth \"\(authentication)\" is none of \(names)")
      }
      user.authentication = found
      user.authenticationPassword = try secret(authenticationPassword, "--auth-password")
    }
    if let privacy {
      guard let found = TrapPrivacy(named: privacy) else {
        let names = TrapPrivacy.allCases.map(\.name).joined(separator: ", ")
        throw DaemonFailure(.usage, "--privacy \"\(privacy)\" is none of \(names)")
      }
      guard authentication != nil else {
        throw DaemonFailure(
          .usage, "--privacy needs --auth: SNMPv3 encrypts nothing it does not authenticate")
      }
      user.privacy = found
      user.privacyPassword = try secret(privacyPassword, "--privacy-password")
    }
    guard let ready = user.ready else {
      throw DaemonFailure(.unavailable, "net-snmp (libsnmp) makes no keys for these algorithms")
    }
    return ready
  }

  private func secret(_ text: String?, _ option: String) throws(DaemonFailure) -> Secret {
    guard let text else { throw DaemonFailure(.usage, "\(option) is missing") }
    var secrets = ConfigSecrets(environment: ProcessInfo.processInfo.environment)
    switch secrets.expand(text, besides: nil) {
    case .failure(let message): throw DaemonFailure(.usage, "\(option) \(message)")
    case .text(let password, _):
      guard password.utf8.count >= 8 else {
        throw DaemonFailure(.usage, "\(option) is shorter than 8 characters")
      }
      return Secret(password)
    }
  }
}

import Model
import Testing

@testable import Daemon

/// `snmp.users`: every mistake is named with its place, and no password is ever repeated.
@Suite struct ConfigUsersTests {
  private func read(_ users: String, _ environment: [String: String] = [:]) -> (Config?, [String]) {
    let text = "snmp: {communities: [any], users: \(users)}\n"
    let (config, problems) = Config.parse(text, file: "muttd.yaml", environment: environment)
    return (config, problems.map(\.description))
  }

  @Test func everyKindOfUserIsRead() throws {
    let (config, problems) = read(
      "[{name: open}, {name: signed, auth: md5, auth_password: password1}, {name: both, auth: SHA-512, "
        + "auth_password: '${env:A}', privacy: aes-256-c, privacy_password: password3}]",
      ["A": "password2"])
    #expect(problems == [])
    let users = try #require(config).snmp.users
    #expect(users.map(\.name) == ["open", "signed", "both"])
    #expect(users.map { $0.authentication?.name } == [nil, "MD5", "SHA-512"])
    #expect(users.map { $0.privacy?.name } == [nil, nil, "AES-256-C"])
    #expect(users[2].authenticationPassword?.revealed == "password2")
    #expect(users.allSatisfy { $0.ready != nil })
    #expect(!"\(users)".contains("password1"))
  }

  static let mistakes: [(user: String, key: String, says: String)] = [
    ("{}", "snmp.users[0]", "needs a name"), ("{name: ''}", "snmp.users[0].name", "is empty"),
    ("ops", "snmp.users[0]", "must be a map"),
    ("{name: \(String(repeating: "n", count: 33))}", "snmp.users[0].name", "32"),
    ("{name: ops}, {name: ops}", "snmp.users[1]", "a second user is called \"ops\""),
    ("{name: ops, auth: MD5}", "snmp.users[0]", "has auth and no auth_password"),
    ("{name: ops, auth_password: longenough}", "snmp.users[0]", "has an auth_password and no auth"),
    (
      "{name: ops, privacy: AES, privacy_password: longenough}", "snmp.users[0]", "has privacy without auth"
    ),
    (
      "{name: ops, auth: SHA, auth_password: longenough, privacy: AES}", "snmp.users[0]",
      "has privacy and no privacy_password"
    ),
    (
      "{name: ops, auth: SHA, auth_password: longenough, privacy_password: longenough}", "snmp.users[0]",
      "has a privacy_password and no privacy"
    ),
    (
      "{name: ops, auth: SHA-257, auth_password: longenough}", "snmp.users[0].auth", "nearest: SHA-256"
    ),
    (
      "{name: ops, auth: SHA, auth_password: longenough, privacy: 3DES, privacy_password: longenough}",
      "snmp.users[0].privacy", "is none of DES, AES"
    ),
    ("{name: ops, auth: SHA, auth_password: secret7}", "snmp.users[0].auth_password", "shorter than 8"),
    (
      "{name: ops, auth: SHA, auth_password: longenough, privacy: AES, privacy_password: secret7}",
      "snmp.users[0].privacy_password", "shorter than 8"
    ),
    ("{name: ops, auth: SHA, auth_password: '${env:NONE}'}", "snmp.users[0].auth_password", "NONE"),
    ("{name: ops, authpassword: longenough}", "snmp.users[0].authpassword", "auth_password"),
  ]

  @Test(arguments: mistakes.indices) func aMistakeIsNamed(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    let (config, problems) = read("[\(mistake.user)]")
    #expect(config == nil)
    #expect(problems.count == 1, "\(problems)")
    let problem = try #require(problems.first)
    #expect(problem.hasPrefix("muttd.yaml:1: \(mistake.key): "), "\(problem)")
    #expect(problem.contains(mistake.says), "\(problem)")
    #expect(!problem.contains("longenough") && !problem.contains("secret7"), "\(problem)")
  }

  @Test func moreUsersThanMakeSenseAreAMistake() {
    let many = (0..<257).map { "{name: u\($0)}" }.joined(separator: ", ")
    let (config, problems) = read("[\(many)]")
    #expect(config == nil)
    #expect(problems.count == 1)
    #expect(read("[\((0..<256).map { "{name: u\($0)}" }.joined(separator: ", "))]").1 == [])
  }
}

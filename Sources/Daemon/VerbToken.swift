import Console
import Foundation
import Intake
import Model

/// `muttd token`: makes a token for the API. It is shown once; the file holds its hash.
package struct VerbToken: Sendable {
  package enum Role: String, Sendable, CaseIterable {
    case viewer
    case `operator`
  }

  private let settings: VerbSettings
  private let name: String
  private let role: Role
  private let expires: String?
  private let appends: Bool
  private let json: Bool

  package init(
    settings: VerbSettings, name: String, role: Role, expires: String?, appends: Bool, json: Bool
  ) {
    self.settings = settings
    self.name = name
    self.role = role
    self.expires = expires
    self.appends = appends
    self.json = json
  }

  package func run() throws(DaemonFailure) {
    guard AccessToken.isName(name) else {
      throw DaemonFailure(.usage, "\"\(name)\" is no name: 1-64 letters, digits, dots, _ and -")
    }
    let end = try VerbToken.end(expires, now: SystemClock.now)
    let text = VerbToken.random()
    let token = AccessToken(
      name: name, role: role == .operator ? .operator : .viewer, hash: SHA256.digest(of: Array(text.utf8)),
      expires: end)
    var file: String?
    if appends {
      guard let path = try settings.load().http.tokens else {
        throw DaemonFailure(.usage, "--append wants http.tokens in the configuration: the file to write to")
      }
      try VerbToken.append(token, to: path, besides: settings.path)
      file = path
    }
    var output = VerbOutput()
    if json {
      var object = VerbJSON()
      object.add("token", text)
      object.add("line", token.line)
      object.add("file", file)
      return output.json(object)
    }
    output.line("token  \(text)")
    output.line("line   \(token.line)")
    output.line(
      file.map { "The line stands in \($0); muttd reload makes it count. The token is shown this once." }
        ?? "Put the line into the file http.tokens names, then: muttd reload. The token is shown this once.")
  }

  /// 256 random bits in 64 hexadecimal digits, with a prefix by which scanners for secrets know it.
  private static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    for _ in 0..<32 { bytes.append(UInt8.random(in: .min ... .max, using: &generator)) }
    return "mutt_" + SHA256.hex(of: bytes)
  }

  /// `90d`, `12h`, a day or a time; absent: never.
  static func end(_ text: String?, now: Timestamp) throws(DaemonFailure) -> Timestamp {
    guard let text else { return .absent }
    let units: [Character: Int64] = ["h": 3_600, "d": 86_400]
    var end = Timestamp(rfc3339: text)
    if end == nil, let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
      (1...100_000).contains(count)
    {
      end = Timestamp(seconds: now.seconds + count * unit)
    }
    guard let end, end > now else {
      throw DaemonFailure(.usage, "--expires \"\(text)\" is no time to come: write 90d, 12h or 2027-01-31")
    }
    return end
  }

  /// Adds the line; the file as it would then be has to hold. A new file belongs to its folder's owner, and
  /// to the group that may read the configuration: the daemon's.
  private static func append(
    _ token: AccessToken, to path: String, besides configuration: String?
  ) throws(DaemonFailure) {
    let isNew = unsafe access(path, F_OK) != 0
    var text = ""
    if !isNew {
      do throws(ConfigFile.Failure) {
        text = try ConfigFile.readText(path, limit: 1 << 20)
      } catch {
        throw DaemonFailure(.io, "\(path) \(error.message)")
      }
    }
    let isOpen = !text.isEmpty && text.utf8.last != UInt8(ascii: "\n")
    let start = isOpen ? "\n" : text.isEmpty ? "# name role sha256 [expires]\n" : ""
    let addition = start + token.line + "\n"
    do throws(TokenFileProblem) {
      _ = try TokenTable(text + addition)
    } catch {
      throw DaemonFailure(.usage, "\(path):\(error.line) \(error.reason): \(token.name) was not added")
    }
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o640)
    guard file >= 0 else {
      let number = errno
      throw DaemonFailure(
        number == EACCES || number == EPERM ? .permission : .io,
        "\(path) cannot be written: \(unsafe String(cString: strerror(number)))")
    }
    defer { close(file) }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    if isNew {
      VerbStore.give(file, toOwnerOf: folder, groupOf: configuration)
      // Whatever the umask of who typed: its group has to read it.
      _ = fchmod(file, 0o640)
    }
    let whole = Array(addition.utf8)
    guard unsafe write(file, whole, whole.count) == whole.count else {
      throw DaemonFailure(.io, "\(path) cannot be written to its end: df -h \(folder)")
    }
  }
}

import Glibc
import Model

/// A value that must not be printed: descriptions, dumps and string interpolation show `(secret)`.
package struct Secret: Sendable, Hashable {
  /// The value itself, for the place that sends it.
  package let revealed: String

  package init(_ value: String) { revealed = value }

  package static func == (left: Secret, right: Secret) -> Bool {
    ExactKey(left.revealed) == ExactKey(right.revealed)
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(ExactKey(revealed)) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "(secret)" }
  package var debugDescription: String { "(secret)" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Replaces `${env:NAME}`, `${file:PATH}` and `${cred:NAME}` in values of the configuration.
struct ConfigSecrets {
  enum Expansion: Equatable {
    /// `isSecret`: something was replaced, so the result must not be shown.
    case text(String, isSecret: Bool)
    case failure(String)
  }

  /// A secret file above this is a mistake.
  private static let fileLimit = 65_536

  let environment: [String: String]
  /// Names that were asked for: no warning about them as unknown `MUTT_` variables.
  private(set) var usedNames: Set<String> = []

  init(environment: [String: String]) { self.environment = environment }

  /// `besides`: the file in which `text` stands; relative paths start from its folder. `isURL`: what stands
  /// for a user, a password or the value of a parameter is one word there, whatever characters it holds.
  mutating func expand(_ text: String, besides file: String?, isURL: Bool = false) -> Expansion {
    guard text.exactRange(of: "${") != nil else { return .text(text, isSecret: false) }
    var result = ""
    var rest = Substring(text)
    while let start = rest.exactRange(of: "${") {
      result += rest[..<start.lowerBound]
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        return .failure("has ${ without }; write \(ConfigSecrets.forms)")
      }
      switch value(of: rest[start.upperBound..<end], besides: file) {
      case .text(let value, _):
        let after = rest[rest.index(after: end)...]
        result += isURL && ConfigSecrets.isWord(between: result, after) ? URLWord.encoded(value) : value
      case .failure(let message): return .failure(message)
      }
      rest = rest[rest.index(after: end)...]
    }
    return .text(result + rest, isSecret: true)
  }

  /// Whether a user, a password or the value of a parameter of a URL stands between these two: not where a
  /// reference stands for the URL itself, or for its hosts.
  private static func isWord(between before: String, _ after: Substring) -> Bool {
    guard let scheme = before.exactRange(of: "://") else { return false }
    let before = before[scheme.upperBound...]
    if let query = before.firstIndex(of: "?") {
      // Behind a name and its `=`; a reference that stands for whole parameters brings its own.
      let parameter = before[query...].split(whereSeparator: { $0 == "?" || $0 == "&" }).last
      return before.last != "?" && before.last != "&" && parameter?.contains("=") == true
    }
    if before.contains("@") || before.contains("/") { return false }
    var rest = after
    while let next = rest.first, next != "/", next != "?" {
      if next == "@" { return true }
      // The path of another reference is no part of the URL.
      let end = rest.hasPrefix("${") ? rest.firstIndex(of: "}") ?? rest.startIndex : rest.startIndex
      rest = rest[rest.index(after: end)...]
    }
    return false
  }

  private mutating func value(of reference: Substring, besides file: String?) -> Expansion {
    if reference.hasPrefix("env:") {
      let name = String(reference.dropFirst(4))
      usedNames.insert(name)
      guard let value = environment[name], !value.isEmpty else {
        return .failure("the environment variable \(name) is not set")
      }
      return .text(value, isSecret: true)
    }
    if reference.hasPrefix("file:") {
      return contents(of: ConfigFile.resolve(String(reference.dropFirst(5)), besides: file))
    }
    if reference.hasPrefix("cred:") {
      let name = String(reference.dropFirst(5))
      if name.isEmpty || name.contains("/") { return .failure("a credential is a name, without a folder") }
      return contents(of: credential(name, besides: file))
    }
    return .failure("does not know ${\(reference)}; write \(ConfigSecrets.forms)")
  }

  private static let forms = "${env:NAME}, ${file:PATH} or ${cred:NAME}"

  /// Where a credential lies: in the folder that systemd made for this service, by its own name or, when a
  /// whole folder was loaded (`LoadCredential=muttd:…`), behind the name of that. For whoever runs a verb
  /// by hand it is the folder `credentials` beside the configuration.
  private func credential(_ name: String, besides file: String?) -> String {
    guard let folder = environment["CREDENTIALS_DIRECTORY"], !folder.isEmpty else {
      return ConfigFile.resolve("credentials/" + name, besides: file)
    }
    let path = "\(folder)/\(name)"
    return unsafe access(path, F_OK) == 0 ? path : "\(folder)/muttd_\(name)"
  }

  private func contents(of path: String) -> Expansion {
    do {
      var text = try ConfigFile.readText(path, limit: ConfigSecrets.fileLimit)
      while text.last?.isNewline == true { text.removeLast() }
      return text.isEmpty ? .failure("\(path) is empty") : .text(text, isSecret: true)
    } catch {
      return .failure("\(path) \(error.message)")
    }
  }
}

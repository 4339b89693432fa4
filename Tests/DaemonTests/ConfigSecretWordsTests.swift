import Foundation
import Testing

@testable import Daemon

/// What a destination's words refer to is read again, and nothing else.
@Suite struct ConfigSecretWordsTests {
  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muttd-words-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func write(_ text: String, _ name: String, _ folder: URL) throws {
    try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
  }

  private static let yaml =
    ConfigTests.sound + """
      destinations:
        - name: a
          url: 'https://robot:${file:password}@h/${env:PLACE}'
          headers: {Authorization: 'Bearer ${file:token}', X-Kind: plain}
          hmac: ${file:key}
          tls: {ca: authority}
          timeout: 7s
        - {name: b, url: 'https://h', headers: {Authorization: '${file:other}'}}

      """

  @Test func secretsOfOneDestination() throws {
    try inFolder { folder in
      for name in ["password", "token", "key", "authority", "other"] {
        try write("old-\(name)\n", name, folder)
      }
      let (config, problems) = Config.parse(
        Self.yaml, file: folder.appending(path: "muttd.yaml").path, environment: ["PLACE": "events"])
      #expect(problems.map(\.description) == [])
      let accepted = try #require(config?.destinations.first)
      #expect(accepted.words.readAgain(for: accepted).0 == accepted)

      // What others need, and what no secret stands in, may be gone.
      for name in ["other", "authority"] {
        try FileManager.default.removeItem(at: folder.appending(path: name))
      }
      try write("new-word", "password", folder)
      try write("new token", "token", folder)
      let renewed = try #require(accepted.words.readAgain(for: accepted).0)
      #expect(renewed.url.revealed == "https://robot:new-word@h/events")
      #expect(renewed.headers.map(\.value.revealed) == ["Bearer new token", "plain"])
      var rest = renewed
      (rest.url, rest.headers) = (accepted.url, accepted.headers)
      #expect(rest == accepted)

      try FileManager.default.removeItem(at: folder.appending(path: "token"))
      let (none, found) = accepted.words.readAgain(for: accepted)
      #expect(none == nil && found.count == 1)
      #expect(found.first?.description.contains("destinations.a.headers.Authorization") == true, "\(found)")
    }
  }

  @Test func noDumpShowsThem() throws {
    let (config, _) = Config.parse(
      ConfigTests.sound + "destinations: [{name: a, url: 'https://h', hmac: hunter2}]\n", file: "m.yaml")
    var text = ""
    dump(try #require(config?.destinations.first), to: &text)
    #expect(!text.contains("hunter2"))
    let shown = "\(config?.destinations ?? [])"
    #expect(!shown.contains("hunter2"))
  }
}

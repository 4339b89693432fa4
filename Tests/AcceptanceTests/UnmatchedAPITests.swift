import Foundation
import Testing

/// What no rule takes, asked over the API: the same as the command line shows, page by page.
@Suite struct UnmatchedAPITests {
  private func json(_ daemon: DaemonProcess, _ path: String, status: Int = 200) async throws -> JSON {
    let answer = try #require(try await HTTPAnswer.ask("GET", path, port: daemon.place.httpPort))
    #expect(answer.status == status, "\(path): \(answer.body)")
    return try #require(JSON(answer.body), "\(path): \(answer.body)")
  }

  private func pages(_ daemon: DaemonProcess, _ path: String, _ limit: Int) async throws -> [[JSON]] {
    var pages: [[JSON]] = []
    var cursor: String?
    repeat {
      let next = cursor.map { "&cursor=\($0)" } ?? ""
      let page = try await json(daemon, "\(path)limit=\(limit)\(next)")
      pages.append(page["items"].items)
      cursor = page["next"].string
    } while cursor != nil
    return pages
  }

  private func listed(_ daemon: DaemonProcess, _ arguments: String...) async throws -> [JSON] {
    let result = try await Tool.succeed(
      Binary.path,
      ["unmatched", "list", "--json", "--limit", "1000", "--config", daemon.place.configFile] + arguments,
      in: daemon.place.workspace)
    return result.split(separator: "\n").compactMap { JSON($0) }
  }

  /// A daemon that has counted `kinds` kinds of two hosts: kind N of a host came N times.
  private func withKinds(_ kinds: Int, _ body: (DaemonProcess) async throws -> Void) async throws {
    let words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]
    try await withDaemon("unmatched-api", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      for host in ["edge1", "edge2"] {
        for kind in 1...kinds {
          try await Tool.succeed(
            Binary.path,
            [
              "send", "syslog", "--to", "127.0.0.1:\(daemon.place.syslogPort)", "--host", host, "--severity",
              "err", "--count", "\(kind)", "trouble with \(words[kind - 1]) on <b>line</b>",
            ], in: daemon.place.workspace)
        }
      }
      try await eventually("all of them are counted") {
        let counts = try await listed(daemon).map { $0["count"].integer ?? 0 }
        return counts.count == 2 * kinds && counts.reduce(0, +) == Int64(kinds * (kinds + 1))
      }
      try await body(daemon)
    }
  }

  @Test func pagesShowWhatTheCommandLineShows() async throws {
    try await withKinds(6) { daemon in
      let all = try await listed(daemon)
      #expect(all.map { $0["count"].integer ?? 0 } == [6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1])
      for limit in [1, 5, 12, 500] {
        let pages = try await pages(daemon, "/api/v1/unmatched?", limit)
        #expect(pages.flatMap(\.self) == all, "pages of \(limit)")
        #expect(pages.allSatisfy { $0.count <= limit } && pages.count == (12 + limit - 1) / limit)
      }
      let one = try await pages(daemon, "/api/v1/unmatched?host=EDGE1.&", 4)
      #expect(one.flatMap(\.self) == (try await listed(daemon, "--host", "edge1")))
      #expect(one.map(\.count) == [4, 2])
      #expect(try await json(daemon, "/api/v1/unmatched?host=nobody")["items"].items.isEmpty)
    }
  }

  @Test func whatIsIgnoredIsAListOfItsOwn() async throws {
    try await withKinds(2) { daemon in
      let all = try await listed(daemon)
      let place = daemon.place
      for (index, flags) in [["--reason", "known <i>noise</i>"], ["--everywhere"]].enumerated() {
        let id = try #require(all[index == 0 ? 0 : 2]["id"].string)
        try await Tool.succeed(
          Binary.path, ["unmatched", "ignore", id, "--config", place.configFile] + flags, in: place.workspace)
      }
      let left = try await json(daemon, "/api/v1/unmatched")
      #expect(left["items"].items == [all[1]] && left["next"] == .null)
      let ignored = try await pages(daemon, "/api/v1/unmatched/ignored?", 1)
      #expect(ignored.flatMap(\.self) == (try await listed(daemon, "--ignored")))
      #expect(ignored.count == 2 && ignored[0][0]["reason"] == "known <i>noise</i>")
      #expect(ignored[1][0]["everywhere"] == .bool(true) && ignored[1][0]["host"] == .null)
    }
  }

  static let badCursors = [
    "5", "-", "5-", "5-0", "a-0000000000000000", "-5-0000000000000000", "5-000000000000000g",
    "5-+000000000000000", "99999999999999999999-0000000000000000", "5-00000000000000000", "5--",
    "5-000000000000000A",
  ]

  @Test func aCursorOfAnotherListIsRefused() async throws {
    try await withDaemon("unmatched-cursor", DaemonSettings(rules: SampleRules.yaml)) { daemon in
      for path in ["unmatched", "unmatched/ignored"] {
        #expect(try await json(daemon, "/api/v1/\(path)")["items"].items.isEmpty)
        let far = "9999999999999999999-ffffffffffffffff"
        #expect(try await json(daemon, "/api/v1/\(path)?cursor=\(far)")["items"].items.isEmpty)
        for cursor in Self.badCursors {
          let coded = cursor.replacingOccurrences(of: "+", with: "%2B")
          let problem = try await json(daemon, "/api/v1/\(path)?cursor=\(coded)", status: 400)
          #expect(problem["detail"].string?.contains("cursor") == true, "\(cursor): \(problem)")
        }
      }
    }
  }
}

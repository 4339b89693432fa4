import Foundation

/// A terminal of a known size that shows one command: a tmux server of its own, killed with the test.
final class Screen: Sendable {
  private let server: Child
  private let socket: String
  private let workspace: Workspace

  /// Runs `command` (of sh) in `columns` x `rows`.
  init(_ command: String, _ columns: Int, _ rows: Int, in workspace: Workspace) async throws {
    self.workspace = workspace
    let name = "tmux-" + UUID().uuidString.prefix(8)
    socket = workspace.file(name)
    // Not a daemon: so it ends with the test process, whatever becomes of that.
    server = try await Child(
      "tmux", ["-D", "-S", socket, "-f", "/dev/null"], in: workspace.path, environment: Screen.environment,
      outputFile: socket + ".out", errorFile: socket + ".err")
    let size = ["-x", "\(columns)", "-y", "\(rows)"]
    try await eventually("tmux serves: \(server.errors)") {
      try await run(["new-session", "-d", "-s", "test"] + size + [command]).ending == .code(0)
    }
  }

  /// Output is UTF-8 whatever the machine is set to.
  private static let environment = ["LC_ALL": "C.UTF-8", "TMUX": "", "SHELL": "/bin/sh"]

  private func run(_ arguments: [String]) async throws -> Tool.Result {
    // Only ever that server: one that tmux starts for itself is nobody's child, and stays.
    try await Tool.run(
      "tmux", ["-N", "-S", socket] + arguments, in: workspace, environment: Screen.environment)
  }

  /// What is to be seen now, line by line; `withStyles`: with the escape sequences of colours.
  func text(withStyles: Bool = false) async throws -> String {
    try await run(["capture-pane", "-p", "-t", "test"] + (withStyles ? ["-e"] : [])).output
  }

  /// A format of tmux(1), such as `#{alternate_on}`.
  func ask(_ format: String) async throws -> String {
    try await run(["display-message", "-p", "-t", "test", format]).output
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func press(_ keys: String...) async throws { _ = try await run(["send-keys", "-t", "test"] + keys) }

  func resize(_ columns: Int, _ rows: Int) async throws {
    _ = try await run(["resize-window", "-t", "test", "-x", "\(columns)", "-y", "\(rows)"])
  }

  func close() async { await server.destroy() }

  static func with<Value>(
    _ command: String, columns: Int = 100, rows: Int = 30, in workspace: Workspace,
    _ body: (Screen) async throws -> Value
  ) async throws -> Value {
    let screen = try await Screen(command, columns, rows, in: workspace)
    do {
      let value = try await body(screen)
      await screen.close()
      return value
    } catch {
      let last = try? await screen.text()
      await screen.close()
      throw HarnessError("\(error)\nthe screen shows:\n\(last ?? "")")
    }
  }
}

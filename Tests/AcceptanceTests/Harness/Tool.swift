import Foundation

/// A program that runs to its end: the tools operators use, and the daemon's own verbs.
enum Tool {
  struct Result {
    let ending: Ending
    let output: String
    let errors: String
  }

  /// Runs `command` and waits for it.
  static func run(
    _ command: String, _ arguments: [String], in workspace: Workspace,
    environment: [String: String] = [:], within limit: Duration = .seconds(120)
  ) async throws -> Result {
    let stem = workspace.file("tool-" + UUID().uuidString.prefix(8))
    let child = try await Child(
      command, arguments, in: workspace.path, environment: environment, outputFile: stem + ".out",
      errorFile: stem + ".err")
    defer {
      try? FileManager.default.removeItem(atPath: stem + ".out")
      try? FileManager.default.removeItem(atPath: stem + ".err")
    }
    do {
      let ending = try await child.wait(within: limit)
      return Result(ending: ending, output: child.output, errors: child.errors)
    } catch {
      await child.destroy()
      throw error
    }
  }

  /// Runs `command`, which must succeed; its output.
  @discardableResult
  static func succeed(
    _ command: String, _ arguments: [String], in workspace: Workspace,
    environment: [String: String] = [:]
  ) async throws -> String {
    let result = try await run(command, arguments, in: workspace, environment: environment)
    guard result.ending == .code(0) else {
      throw HarnessError("\(command) \(arguments): \(result.ending): \(result.output)\(result.errors)")
    }
    return result.output
  }

  /// A query by the sqlite3 shell, one object a row.
  static func sqlite(_ database: String, _ query: String, in workspace: Workspace) async throws -> [JSON] {
    let output = try await succeed(
      "sqlite3", ["-json", "-cmd", ".timeout 60000", database, query], in: workspace)
    if output.allSatisfy(\.isWhitespace) { return [] }
    guard let rows = JSON(output) else { throw HarnessError("no JSON from sqlite3: \(output)") }
    return rows.items
  }

  /// The first column of a query, as text: the quick way for thousands of rows.
  static func sqliteColumn(
    _ database: String, _ query: String, in workspace: Workspace
  ) async throws -> [Substring] {
    try await succeed("sqlite3", ["-list", "-cmd", ".timeout 60000", database, query], in: workspace)
      .split(separator: "\n")
  }

  /// One MIB-free net-snmp run: names come from no files, and nothing is kept in the home directory.
  static func snmp(_ command: String, _ arguments: [String], in workspace: Workspace) async throws {
    try await succeed(
      command, ["-m", "", "-M", workspace.path] + arguments, in: workspace,
      environment: ["SNMPCONFPATH": workspace.path, "SNMP_PERSISTENT_DIR": workspace.path])
  }
}

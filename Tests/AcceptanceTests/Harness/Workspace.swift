import Foundation

/// A temporary directory that is removed with everything in it.
struct Workspace {
  let path: String

  init(_ name: String) throws {
    path = NSTemporaryDirectory() + "muttd-\(name)-\(UUID().uuidString.prefix(8).lowercased())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  /// Runs `body` with a workspace, which is gone afterwards.
  static func with<Value>(
    _ name: String, _ body: (Workspace) async throws -> Value
  ) async throws -> Value {
    let workspace = try Workspace(name)
    defer { try? FileManager.default.removeItem(atPath: workspace.path) }
    return try await body(workspace)
  }

  func file(_ name: String) -> String { path + "/" + name }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    let file = file(name)
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return file
  }

  @discardableResult
  func makeDirectory(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
    return file(name)
  }
}

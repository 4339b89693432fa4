import Foundation

/// A wall clock for daemons that a test can set while they run; needs a C compiler, as the build does.
struct SteppedClock {
  /// What a daemon is to be started with.
  let environment: [String: String]
  private let file: String

  init(in workspace: Workspace) async throws {
    let library = workspace.file("clock.so")
    file = workspace.file("clock-step")
    environment = ["LD_PRELOAD": library, "CLOCK_STEP": file]
    try await Tool.succeed(
      "cc",
      ["-shared", "-fPIC", "-O2", "-o", library, Repository.path + "/Tests/Fixtures/chaos/clock.c"],
      in: workspace)
    try Data(count: 8).write(to: URL(fileURLWithPath: file))
  }

  /// The daemons' clock shows the time of day and so many seconds, from now on.
  func set(seconds: Int) throws {
    // In place: the daemons have the file mapped.
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
    defer { try? handle.close() }
    let nanoseconds = Int64(seconds) * 1_000_000_000
    try handle.write(contentsOf: unsafe withUnsafeBytes(of: nanoseconds) { unsafe Data($0) })
  }
}

import Foundation

/// The `muttd` under test.
enum Binary {
  /// The one that the same build made beside the test bundle, or the one `MUTTD_BINARY` names.
  static let path: String = {
    if let named = ProcessInfo.processInfo.environment["MUTTD_BINARY"] { return named }
    let runner = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return runner.deletingLastPathComponent().appendingPathComponent("muttd").path
  }()

  /// Bounds on memory and time speak of the build that is shipped.
  static let isRelease = path.contains("/release/")
}

/// The repository these tests were compiled from.
enum Repository {
  static let path: String = {
    var url = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    for _ in 0..<4 { url.deleteLastPathComponent() }
    return url.path
  }()
}

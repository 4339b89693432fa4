import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A small real file system at a directory, seen by those alone who are started through it.
final class SmallDisk: Sendable {
  /// What it is made of.
  enum Kind: String, CaseIterable {
    case tmpfs
    /// An image behind a loop device: blocks that are promised late, a journal, metadata that takes room too.
    case ext4

    /// Those that can be had here.
    static var here: [Kind] { hasExt4 ? [.tmpfs, .ext4] : [.tmpfs] }

  }

  private let holder: Child
  private let directory: String
  let kind: Kind

  /// Mounting takes root, and more than a container's.
  static let isPossible: Bool = {
    let line = text(of: "/proc/self/status").split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    let bits = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
    let administrator: UInt64 = 1 << 21
    return geteuid() == 0 && bits & administrator != 0
  }()

  /// Besides, loop devices and the tools for that file system.
  static let hasExt4: Bool = {
    let isKnown = text(of: "/proc/filesystems").split(separator: "\n").contains { $0.hasSuffix("\text4") }
    let files = FileManager.default
    let hasTools = ["/sbin/mkfs.ext4", "/usr/sbin/mkfs.ext4"].contains { files.isExecutableFile(atPath: $0) }
    return isPossible && isKnown && hasTools && files.fileExists(atPath: "/dev/loop-control")
  }()

  init(_ kind: Kind, at directory: String, mebibytes: Int, in workspace: Workspace) async throws {
    self.directory = directory
    self.kind = kind
    let mount =
      switch kind {
      case .tmpfs: "mount -t tmpfs -o size=\(mebibytes)m,mode=0750 none '\(directory)'"
      case .ext4:
        // The loop device goes with the last mount, and that with the last process that sees it.
        "truncate -s \(mebibytes)M disk.img && PATH=$PATH:/sbin:/usr/sbin mkfs.ext4 -q -m 0 disk.img"
          + " && mount -o loop disk.img '\(directory)' && chmod 0750 '\(directory)'"
      }
    let script = mount + " && echo ready && exec sleep infinity"
    let holder = try await Child(
      "unshare", ["--mount", "sh", "-c", script], in: workspace.path,
      outputFile: workspace.file("disk.out"), errorFile: workspace.file("disk.err"))
    self.holder = holder
    try await eventually("the disk is mounted: \(holder.errors)") { holder.output.contains("ready") }
  }

  /// What is run by this sees the disk.
  var prefix: [String] { ["nsenter", "--target", "\(holder.pid)", "--mount", "--"] }

  private var ballast: String { "/proc/\(holder.pid)/root\(directory)/ballast" }

  /// Takes all of it, or all but `bytes`. What it has is not given back meanwhile.
  func fill(leaving bytes: Int = 0) throws {
    let file = unsafe open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw HarnessError("\(ballast): errno \(errno)") }
    defer { close(file) }
    if bytes > 0 {
      var space = statvfs()
      guard unsafe fstatvfs(file, &space) == 0 else { throw HarnessError("fstatvfs: errno \(errno)") }
      let free = Int(space.f_bavail) * Int(space.f_frsize)
      let failure = posix_fallocate(file, 0, lseek(file, 0, SEEK_END) + free - bytes)
      if failure != 0 { throw HarnessError("posix_fallocate: error \(failure)") }
    } else {
      let block = [UInt8](repeating: 0x62, count: 4_096)
      while unsafe write(file, block, block.count) > 0 {}
    }
  }

  func empty() { _ = unsafe unlink(ballast) }

  func remove() { holder.signal(SIGKILL) }

  /// A query on a database of the disk, the first column as text.
  func column(_ database: String, _ query: String, in workspace: Workspace) async throws -> [Substring] {
    let command = prefix + ["sqlite3", "-list", "-cmd", ".timeout 60000", database, query]
    return try await Tool.succeed(command[0], Array(command.dropFirst()), in: workspace).split(
      separator: "\n")
  }
}

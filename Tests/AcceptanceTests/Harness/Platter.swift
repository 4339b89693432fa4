import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// A disk under a daemon's state directory that loses with the power what was not synced; needs a C compiler,
/// as the build does. See `platter.c` for what it keeps.
struct Platter {
  /// What a power cut leaves of what was written and not synced.
  enum Cut {
    /// Nothing.
    case clean
    /// Of each sector what was before, what came after, or neither; and names that may or may not be there.
    case torn
  }

  /// What a daemon is to be started with.
  let environment: [String: String]
  private let state: String
  private let directory: String

  private static let sector = 512

  /// `fails`: after how many milliseconds a sync of the store's log fails again, and loses what it was to
  /// write; 0: none.
  init(of state: String, in workspace: Workspace, fails: Int = 0) async throws {
    self.state = state
    directory = try workspace.makeDirectory("platter")
    let library = workspace.file("platter.so")
    environment = [
      "LD_PRELOAD": library, "PLATTER_OF": state, "PLATTER": directory, "PLATTER_FAILS": String(fails),
    ]
    try await Tool.succeed(
      "cc",
      ["-shared", "-fPIC", "-O2", "-o", library, Repository.path + "/Tests/Fixtures/chaos/platter.c"],
      in: workspace)
  }

  /// The daemon is dead: the state directory becomes what its disk has, which is what the next one finds.
  func cut(_ cut: Cut, using random: inout SeededGenerator) throws {
    let files = FileManager.default
    let live = try Self.files(in: state)
    var durable: [String: Data] = [:]
    let list = String(decoding: files.contents(atPath: directory + "/names") ?? Data(), as: UTF8.self)
    for line in list.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      durable[String(words[1])] = synced(String(words[0]))
    }
    var left = durable
    if cut == .torn {
      for name in Set(live.keys).union(durable.keys).sorted() {
        guard let (inode, written) = live[name] else {
          // Its name was taken away, and that may not have come to the disk.
          if Bool.random(using: &random) { left[name] = nil }
          continue
        }
        let isNamed = durable[name] != nil || Bool.random(using: &random)
        left[name] = isNamed ? Self.tear(synced(inode), written, using: &random) : nil
      }
    }
    for name in live.keys { try files.removeItem(atPath: state + "/" + name) }
    for (name, bytes) in left { try bytes.write(to: URL(fileURLWithPath: state + "/" + name)) }
    try files.removeItem(atPath: directory)
    try files.createDirectory(atPath: directory, withIntermediateDirectories: false)
  }

  /// What the disk has of a file whatever its name; nothing when it was never synced.
  private func synced(_ inode: String) -> Data {
    FileManager.default.contents(atPath: directory + "/inode." + inode) ?? Data()
  }

  private static func files(in directory: String) throws -> [String: (inode: String, bytes: Data)] {
    var found: [String: (inode: String, bytes: Data)] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
      let path = directory + "/" + name
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      guard attributes[.type] as? FileAttributeType == .typeRegular,
        let inode = attributes[.systemFileNumber] as? NSNumber
      else { continue }
      found[name] = (inode.stringValue, FileManager.default.contents(atPath: path) ?? Data())
    }
    return found
  }

  private static func tear(_ old: Data, _ new: Data, using random: inout SeededGenerator) -> Data {
    let (old, new) = (Array(old), Array(new))
    // Where the file was longer or shorter, either length may have come to the disk, or one between.
    let lengths = min(old.count, new.count)...max(old.count, new.count)
    let count = Int.random(in: lengths, using: &random)
    var result: [UInt8] = []
    result.reserveCapacity(count)
    while result.count < count {
      let place = result.count
      let end = min(place + sector, count)
      func part(of bytes: [UInt8]) -> [UInt8] {
        let known = bytes[min(place, bytes.count)..<min(end, bytes.count)]
        return known + [UInt8](repeating: 0, count: end - place - known.count)
      }
      let (before, after) = (part(of: old), part(of: new))
      switch before == after ? 0 : Int.random(in: 0..<8, using: &random) {
      case 0..<4: result += before
      case 4..<7: result += after
      // What a write leaves as it was it does not damage either: disks keep to that, and SQLite relies on it.
      default:
        result += zip(before, after).map { $0 == $1 ? $0 : UInt8.random(in: 0...255, using: &random) }
      }
    }
    return Data(result)
  }
}

import Glibc

/// An empty directory that goes, with all it holds, when the last reference to it does.
package final class TemporaryDirectory: Sendable {
  package let path: String

  package init() {
    var template = Array("/tmp/muttd-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer {
      unsafe $0.baseAddress.map { unsafe mkdtemp($0) != nil } ?? false
    }
    precondition(made, "no temporary directory can be made")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The path of a file in it.
  package func file(_ name: String) -> String { path + "/" + name }

  /// The names of its files, sorted.
  package var files: [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe _ = closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  deinit {
    for name in files { unsafe _ = unlink(file(name)) }
    unsafe _ = rmdir(path)
  }
}

extension TemporaryDirectory {
  /// Removes one of its files; false when it is not there.
  package func remove(_ name: String) -> Bool { unsafe unlink(file(name)) == 0 }
}

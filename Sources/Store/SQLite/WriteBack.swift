import CSQLite
import Glibc

/// Has the disk begin with what was written to a file, and waits for none of it: what is written all along
/// need not be waited for all at once.
@safe
final class WriteBack {
  private let path: String
  private var file: Int32 = -1
  /// The disk has refused to take what stands there.
  private(set) var isRefused = false
  /// A power cut leaves it its name.
  private var isNamed = false

  /// The file may come later; one that cannot be opened is left to the kernel, which begins by itself after
  /// half a minute.
  init(of path: String) { self.path = path }

  deinit { if file >= 0 { _ = Glibc.close(file) } }

  func begin() {
    if file < 0 { file = unsafe open(path, O_RDONLY | O_CLOEXEC) }
    if file >= 0 { mutt_begin_write_back(file) }
  }

  /// Waits until the disk has all of it, the first time its name in the directory too.
  func finish() throws(StoreError) {
    begin()
    if file < 0 { throw StateFile.failure("opening it", path) }
    if fdatasync(file) != 0 {
      isRefused = true
      throw StateFile.failure("writing it", path)
    }
    isRefused = false
    if isNamed { return }
    try StateFile.syncDirectory(of: path)
    isNamed = true
  }

  /// Hands all of it to the kernel once more, for `finish`: it counts what it could not write as written
  /// (fsync(2), *Error reporting and errors*), and says the next time that all is well. Nobody else may write
  /// there meanwhile.
  func rewrite() throws(StoreError) {
    let both = unsafe open(path, O_RDWR | O_CLOEXEC)
    if both < 0 { throw StateFile.failure("opening it", path) }
    defer { _ = Glibc.close(both) }
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var place: off_t = 0
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe pread(both, $0.baseAddress, $0.count, place) }
      if count == 0 { return }
      if count < 0 { throw StateFile.failure("reading it", path) }
      let written = unsafe piece.withUnsafeBytes { unsafe pwrite(both, $0.baseAddress, count, place) }
      if written != count { throw StateFile.failure("writing it again", path) }
      place += off_t(count)
    }
  }
}

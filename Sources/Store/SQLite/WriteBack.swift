import CSQLite
import Glibc

/// Has the disk begin with what was written to a file, and waits for none of it: what is written all along
/// need not be waited for all at once.
@safe
final class WriteBack {
  private let path: String
  private var file: Int32 = -1
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
    if fdatasync(file) != 0 { throw StateFile.failure("writing it", path) }
    if isNamed { return }
    try StateFile.syncDirectory(of: path)
    isNamed = true
  }
}

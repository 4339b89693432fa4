internal import CLinux

/// What the process keeps resident.
package enum ProcessMemory {
  /// Lets go of code that only the start ran (parsers, the pattern compiler, migrations): the kernel maps
  /// sixteen pages around every one that is touched, and a daemon that starts through half of its code would
  /// keep most of it resident for good. What is run again comes back from the page cache.
  package static func releaseStartPages() { _ = mutt_release_start_pages() }

  /// Gives what was freed back to the kernel, malloc_trim(3): for after something large that does not come
  /// again soon. Takes milliseconds.
  package static func returnFreePages() { mutt_return_free_pages() }
}

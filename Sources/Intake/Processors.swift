internal import CLinux

/// The processors of the machine, as far as they are ours.
package enum Processors {
  /// On how many of them this process may run: fewer than there are where it was bound to some (`taskset`, a
  /// `CPUAffinity` of its service). At least 1.
  package static var usable: Int { max(1, Int(mutt_usable_processors())) }
}

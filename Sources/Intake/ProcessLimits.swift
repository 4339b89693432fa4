internal import CLinux

/// What the kernel lets the process have.
package enum ProcessLimits {
  /// Raises the soft limit of open descriptors to `wanted`, or as far as the hard one allows; what holds
  /// then, 0 when the kernel does not tell.
  package static func raiseDescriptors(to wanted: Int) -> Int {
    Int(clamping: max(0, mutt_raise_descriptor_limit(UInt64(max(0, wanted)))))
  }
}

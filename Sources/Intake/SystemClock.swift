internal import CLinux
package import Model

/// The two clocks of the machine. Everything below the daemon is handed its time; here it comes from.
package enum SystemClock {
  /// CLOCK_REALTIME: what stands in events. It may jump.
  package static var now: Timestamp { Timestamp(nanoseconds: mutt_realtime_ns()) }

  /// CLOCK_MONOTONIC in nanoseconds: what durations and time-outs are measured with.
  package static var monotonic: Int64 { mutt_monotonic_ns() }

  /// Names the calling thread for `top -H` and backtraces; at most 15 bytes are kept.
  package static func nameThread(_ name: String) { unsafe name.withCString { unsafe mutt_name_thread($0) } }
}

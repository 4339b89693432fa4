import Glibc

/// A pipe that programs which other tests start do not get: as long as one of them held its writing end, the
/// reader would wait for an end that does not come.
package struct PrivatePipe: Sendable {
  package let reading: Int32
  package let writing: Int32

  package init() {
    var ends: [Int32] = [-1, -1]
    precondition(unsafe pipe(&ends) == 0, "no pipe")
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }
}

import Daemon
import Intake
import Model

/// A worker's own UDP socket, fed from the thread that reads it: before each receive as many datagrams are
/// sent to it as a slab takes. What is sent is not counted, what receives is, as in the daemon; counting
/// begins after some slabs and ends when the last has been decided.
final class LoopbackSource: DatagramSource, @unchecked Sendable {
  private let source: UDPSource
  private let sender: DatagramSender
  private let gauge: WorkerGauge
  private let lines: Lines
  private let name: String
  private let slots: Int
  private var sent = 0
  private let warm: Int
  private let total: Int

  /// The source of a worker that gets `lines` over and over: `warm` slabs before counting, then `counted`.
  init(_ name: String, _ lines: Lines, slots: Int, warm: Int, counted: Int, gauge: WorkerGauge) throws {
    let socket = try DatagramSocket(
      listening: ListenAddress(address: IPAddress(v4: 127, 0, 0, 1), port: 0), receiveBuffer: 4 << 20)
    sender = try DatagramSender(to: socket.address)
    source = try UDPSource(socket)
    self.gauge = gauge
    self.lines = lines
    self.name = name
    self.slots = slots
    self.warm = warm * slots
    total = (warm + counted) * slots
  }

  var counted: Int { total - warm }

  func receive(into slab: inout DatagramSlab, wait: Int32) throws(IntakeError) {
    if sent == total {
      if !gauge.isStopping { Meter.end(name) }
      gauge.stop()
      slab.clear()
      return
    }
    if sent > warm { Meter.pause() }
    for _ in 0..<slots {
      try sender.send(lines.line(sent % lines.count))
      sent += 1
    }
    if sent > warm + slots { Meter.resume() }
    if sent == warm + slots { Meter.begin() }
    try source.receive(into: &slab, wait: 0)
    // A datagram that the kernel dropped would be counted as one that cost nothing.
    if slab.count != slots {
      throw IntakeError(
        .system, call: "recvmmsg",
        message: "\(name): \(slab.count) of \(slots) datagrams arrived; raise net.core.rmem_max")
    }
  }

  func wake() {}
}

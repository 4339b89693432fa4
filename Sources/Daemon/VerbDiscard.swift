import Model

/// The answer of `muttd explain` for a packet that becomes no event: nothing remains of it but a count.
struct VerbDiscard {
  private let fault: PacketFault
  /// Bytes of the packet.
  private let size: Int
  private let peer: IPAddress

  /// Nil for anything but a packet.
  init?(_ question: VerbExplain.Question, _ fault: PacketFault?) {
    guard case .packet(let packet) = question.input, let fault else { return nil }
    self.fault = fault
    size = packet.count
    peer = question.peer
  }

  private var counter: String { "mutt_discarded_total{reason=\"\(fault.reason.name)\"}" }

  var json: VerbJSON {
    var object = VerbJSON()
    object.add("discarded", "\(fault.reason.name)")
    object.add("reason", fault.text)
    object.add("counter", counter)
    object.add("bytes", number: size)
    object.add("source_ip", peer.isUnspecified ? nil : "\(peer)")
    return object
  }

  func write(to output: inout VerbOutput) {
    let sender = peer.isUnspecified ? "" : ", udp from \(peer)"
    output.line("event  none: a packet of \(size) bytes\(sender), discarded")
    output.line("why    \(fault.text)")
    output.line("count  \(counter)")
  }
}

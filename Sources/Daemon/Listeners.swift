import Intake
import Model

/// The sockets of one configuration, bound before anything else is opened: what arrives from then on queues
/// in the kernel.
struct Listeners {
  struct Bound {
    var kind: Worker.Kind
    var source: UDPSource
    /// Index of the listener's counters.
    var index: Int
    var name: String
  }
  var bound: [Bound] = []

  init(config: Config, ledger: Ledger, notices: NoticeSink) throws(DaemonFailure) {
    for endpoint in config.listen.syslog { try bind(.syslog, endpoint, config, ledger, notices) }
    for endpoint in config.listen.snmp { try bind(.trap, endpoint, config, ledger, notices) }
  }

  private mutating func bind(
    _ kind: Worker.Kind, _ endpoint: Config.Endpoint, _ config: Config, _ ledger: Ledger,
    _ notices: NoticeSink
  ) throws(DaemonFailure) {
    var address = ListenAddress(address: endpoint.address, port: endpoint.port)
    let workers = config.listen.workers
    // An IPv6 wildcard takes IPv4 too, unless the configuration has a listener of its own for that.
    let others = config.listen.syslog + config.listen.snmp
    let v6Only = !address.isIPv4 && others.contains { $0.port == endpoint.port && $0.address.v4 != nil }
    var index: Int?
    for worker in 0..<workers {
      do throws(IntakeError) {
        let socket = try DatagramSocket(
          listening: address, receiveBuffer: config.listen.receiveBuffer, sharesPort: workers > 1,
          v6Only: v6Only)
        let source = try UDPSource(socket)
        // Port 0 is chosen once; the other workers share it.
        address = source.address
        let name = "\(kind == .syslog ? "syslog" : "snmp")-udp-\(address)"
        let counters = index ?? ledger.addListener(name: name, isDatagram: true)
        index = counters
        bound.append(
          Bound(
            kind: kind, source: source, index: counters,
            name: "\(kind == .syslog ? "syslog" : "trap")-\(bound.count)"))
        if worker == 0 { announce(name, source, config, notices) }
      } catch {
        throw DaemonFailure(error)
      }
    }
    guard let index else { return }
    let granted = bound.filter { $0.index == index }.reduce(0) { $0 + $1.source.grantedBuffer }
    ledger.update { $0.listeners[index].receiveBuffer = UInt64(granted) }
  }

  private func announce(_ name: String, _ source: UDPSource, _ config: Config, _ notices: NoticeSink) {
    notices(
      Notice(
        .info, "intake", "listening",
        [
          ("listener", .text(name)), ("address", .text("\(source.address)")),
          ("receive_buffer", .number(Int64(source.grantedBuffer))),
        ]))
    if source.grantedBuffer < config.listen.receiveBuffer {
      notices(
        Notice(
          .warning, "intake",
          "the kernel granted a smaller receive buffer than configured: raise net.core.rmem_max (sysctl)",
          [
            ("listener", .text(name)), ("granted", .number(Int64(source.grantedBuffer))),
            ("configured", .number(Int64(config.listen.receiveBuffer))),
          ]))
    }
  }
}

import Intake
import Model

/// The sockets of one configuration, bound before anything else is opened: what arrives from then on queues
/// in the kernel. Those that the service manager bound before us are taken over instead.
struct Listeners {
  struct Bound {
    var kind: Worker.Kind
    var input: Vitals.Input
    /// Index of the listener's counters.
    var index: Int
    var name: String

    /// A worker of its own.
    var post: IntakeService.Post {
      IntakeService.Post(
        name: name, source: input.source, gauge: WorkerGauge(), kind: kind, listener: index)
    }
  }
  var bound: [Bound] = []

  private var inherited: InheritedSockets

  init(
    config: Config, tls: TLSIdentity?, inherited: InheritedSockets, ledger: Ledger,
    notices: @escaping NoticeSink
  ) throws(DaemonFailure) {
    self.inherited = inherited
    let streams = config.listen.syslog.filter(\.transport.isStream)
    if !streams.isEmpty { Listeners.raiseDescriptorLimit(config, streams: streams.count, notices) }
    do throws(IntakeError) {
      for endpoint in config.listen.syslog {
        if endpoint.transport.isStream {
          try bindStreams(endpoint, config, endpoint.transport == .tls ? tls : nil, ledger, notices)
        } else {
          try bindDatagrams(.syslog, endpoint, config, ledger, notices)
        }
      }
      for endpoint in config.listen.snmp { try bindDatagrams(.trap, endpoint, config, ledger, notices) }
      try self.inherited.requireNone()
    } catch {
      throw DaemonFailure(error)
    }
  }

  private mutating func bindDatagrams(
    _ kind: Worker.Kind, _ endpoint: Config.Endpoint, _ config: Config, _ ledger: Ledger,
    _ notices: NoticeSink
  ) throws(IntakeError) {
    var address = ListenAddress(address: endpoint.address, port: endpoint.port)
    let workers = config.listen.workers
    var index: Int?
    let handedOver = try inherited.take(workers, of: address)
    for worker in 0..<workers {
      let source = try UDPSource(
        handedOver.isEmpty
          ? DatagramSocket(
            listening: address, receiveBuffer: config.listen.receiveBuffer, sharesPort: workers > 1,
            v6Only: Listeners.leavesIPv4(endpoint, config))
          : DatagramSocket(handedOver[worker], receiveBuffer: config.listen.receiveBuffer))
      // Port 0 is chosen once; the other workers share it.
      address = source.address
      let name = "\(kind == .syslog ? "syslog" : "snmp")-udp-\(address)"
      let counters = index ?? ledger.addListener(name: name, isDatagram: true)
      index = counters
      bound.append(
        Bound(
          kind: kind, input: .datagrams(source), index: counters,
          name: "\(kind == .syslog ? "syslog" : "trap")-\(bound.count)"))
      if worker == 0 { announce(name, source, handedOver.first, config, notices) }
      ledger.update { $0.listeners[counters].receiveBuffer += UInt64(source.grantedBuffer) }
    }
  }

  private mutating func bindStreams(
    _ endpoint: Config.Endpoint, _ config: Config, _ tls: TLSIdentity?, _ ledger: Ledger,
    _ notices: @escaping NoticeSink
  ) throws(IntakeError) {
    let address = ListenAddress(address: endpoint.address, port: endpoint.port)
    let handedOver = inherited.take(address, isStream: true)
    let socket =
      if let handedOver {
        try StreamSocket(handedOver)
      } else {
        try StreamSocket(listening: address, v6Only: Listeners.leavesIPv4(endpoint, config))
      }
    let name = "syslog-\(endpoint.transport.rawValue)-\(socket.address)"
    var settings = config.streamSettings
    settings.tls = tls
    let source = try StreamSource(socket, name: name, settings: settings, notices: notices)
    let index = ledger.addListener(name: name, isDatagram: false)
    ledger.update { $0.listeners[index].isTLS = endpoint.transport == .tls }
    bound.append(
      Bound(
        kind: .syslog, input: .streams(source), index: index,
        name: "\(endpoint.transport.rawValue)-\(bound.count)"))
    notices(
      Notice(
        .info, "intake", "listening",
        [
          ("listener", .text(name)), ("address", .text("\(source.address)")),
          ("connections", .number(Int64(config.listen.tcp.connections))),
        ] + Listeners.origin(handedOver)))
  }

  /// An IPv6 wildcard takes IPv4 too, unless the configuration has a listener of its own for that.
  private static func leavesIPv4(_ endpoint: Config.Endpoint, _ config: Config) -> Bool {
    let others = config.listen.syslog + config.listen.snmp
    return endpoint.address.v4 == nil
      && others.contains {
        $0.port == endpoint.port && $0.address.v4 != nil
          && $0.transport.isStream == endpoint.transport.isStream
      }
  }

  /// Whose socket it is, for the log: nothing when the daemon bound it itself.
  private static func origin(_ handedOver: InheritedSocket?) -> [(String, Notice.Value)] {
    handedOver.map { [("handed_over", .text($0.name))] } ?? []
  }

  private func announce(
    _ name: String, _ source: UDPSource, _ handedOver: InheritedSocket?, _ config: Config,
    _ notices: NoticeSink
  ) {
    notices(
      Notice(
        .info, "intake", "listening",
        [
          ("listener", .text(name)), ("address", .text("\(source.address)")),
          ("receive_buffer", .number(Int64(source.grantedBuffer))),
        ] + Listeners.origin(handedOver)))
    if source.grantedBuffer < config.listen.receiveBuffer {
      notices(
        Notice(
          .warning, "intake",
          "the kernel granted a smaller receive buffer than configured: raise net.core.rmem_max (sysctl), "
            + "or ReceiveBuffer= of muttd.socket",
          [
            ("listener", .text(name)), ("granted", .number(Int64(source.grantedBuffer))),
            ("configured", .number(Int64(config.listen.receiveBuffer))),
          ]))
    }
  }

  /// Files, databases, webhooks and the console, generously.
  private static let otherDescriptors = 512

  /// Every connection is a descriptor, and shells start programs with 1,024 of them.
  private static func raiseDescriptorLimit(_ config: Config, streams: Int, _ notices: NoticeSink) {
    let wanted = streams * config.listen.tcp.connections + otherDescriptors
    let granted = ProcessLimits.raiseDescriptors(to: wanted)
    if granted < wanted {
      notices(
        Notice(
          .warning, "intake",
          "there are fewer descriptors than listen.tcp.connections may need: raise LimitNOFILE (ulimit -n)",
          [("wanted", .number(Int64(wanted))), ("granted", .number(Int64(granted)))]))
    }
  }
}

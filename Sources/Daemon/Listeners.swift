import Intake
import Model

/// Sockets for endpoints of the configuration, bound before anything else is opened, or before a reload
/// changes anything: what arrives from then on queues in the kernel. Those that the service manager bound
/// before us are taken over instead.
struct Listeners {
  /// An endpoint and what is spoken there.
  struct Place: Hashable {
    var kind: Worker.Kind
    var endpoint: Config.Endpoint

    static func all(_ listen: Config.Listen) -> [Place] {
      listen.syslog.map { Place(kind: .syslog, endpoint: $0) }
        + listen.snmp.map { Place(kind: .trap, endpoint: $0) }
    }
  }

  private struct Bound {
    var place: Place
    var input: Vitals.Input
    /// Of the listener; its workers share one.
    var name: String
    var handedOver: InheritedSocket?
  }

  private let config: Config
  private let admission: Admission
  private let notices: NoticeSink
  private var bound: [Bound] = []
  private var inherited: InheritedSockets

  /// Binds `places`; `inherited` must have no others.
  init(
    _ places: [Place], config: Config, tls: TLSIdentity?, admission: Admission,
    inherited: InheritedSockets = InheritedSockets(), notices: @escaping NoticeSink
  ) throws(IntakeError) {
    self.config = config
    self.admission = admission
    self.notices = notices
    self.inherited = inherited
    if places.contains(where: \.endpoint.transport.isStream) { raiseDescriptorLimit() }
    for place in places {
      if place.endpoint.transport.isStream {
        try bindStreams(place, place.endpoint.transport == .tls ? tls : nil)
      } else {
        try bindDatagrams(place)
      }
    }
    try self.inherited.requireNone()
  }

  private mutating func bindDatagrams(_ place: Place) throws(IntakeError) {
    let endpoint = place.endpoint
    var address = ListenAddress(address: endpoint.address, port: endpoint.port)
    let workers = config.listen.workers
    let handedOver = try inherited.take(workers, of: address)
    let isAnswered = place.kind == .trap
    for worker in 0..<workers {
      let source = try UDPSource(
        handedOver.isEmpty
          ? DatagramSocket(
            listening: address, receiveBuffer: config.listen.receiveBuffer, sharesPort: workers > 1,
            v6Only: config.listen.leavesIPv4(endpoint), tellsDestination: isAnswered)
          : DatagramSocket(
            handedOver[worker], receiveBuffer: config.listen.receiveBuffer, tellsDestination: isAnswered))
      // Port 0 is chosen once; the other workers share it.
      address = source.address
      bound.append(
        Bound(
          place: place, input: .datagrams(source),
          name: "\(place.kind == .syslog ? "syslog" : "snmp")-udp-\(address)",
          handedOver: handedOver.first))
    }
  }

  private mutating func bindStreams(_ place: Place, _ tls: TLSIdentity?) throws(IntakeError) {
    let endpoint = place.endpoint
    let address = ListenAddress(address: endpoint.address, port: endpoint.port)
    let handedOver = inherited.take(address, isStream: true)
    let socket =
      if let handedOver {
        try StreamSocket(handedOver)
      } else {
        try StreamSocket(listening: address, v6Only: config.listen.leavesIPv4(endpoint))
      }
    let name = "syslog-\(endpoint.transport.rawValue)-\(socket.address)"
    var settings = config.streamSettings
    settings.admits = { [admission] in admission.admits($0) }
    settings.tls = tls
    let source = try StreamSource(socket, name: name, settings: settings, notices: notices)
    bound.append(Bound(place: place, input: .streams(source), name: name, handedOver: handedOver))
  }

  /// Places whose sockets somebody else keeps open whatever becomes of ours, and whom to ask about them.
  var handedOver: [Place: String] {
    Dictionary(
      bound.compactMap { one in one.handedOver.map { (one.place, $0.name) } },
      uniquingKeysWith: { first, _ in first })
  }

  // MARK: Into the books

  /// Enters the sockets into the books, and says that they listen: a post for each, `number` from `first`.
  func posts(from first: Int, _ ledger: Ledger) -> [IntakeService.Post] {
    var posts: [IntakeService.Post] = []
    for one in bound {
      let isFirst = posts.last?.place != one.place || one.input.isStream
      let index = isFirst ? enter(one, ledger) : posts[posts.count - 1].listener
      if isFirst { announce(one) }
      let number = first + posts.count
      let prefix = one.place.kind == .trap ? "trap" : one.input.isStream ? one.place.transport : "syslog"
      let before = ledger.update { accounts in
        if case .datagrams(let source) = one.input {
          accounts.listeners[index].receiveBuffer += UInt64(source.grantedBuffer)
        }
        return accounts.listeners[index].kernelDropped
      }
      posts.append(
        IntakeService.Post(
          name: "\(prefix)-\(number)", place: one.place, input: one.input, gauge: WorkerGauge(),
          listener: index, number: number, droppedBefore: before))
    }
    return posts
  }

  private func enter(_ one: Bound, _ ledger: Ledger) -> Int {
    let index = ledger.addListener(name: one.name, isDatagram: !one.input.isStream)
    ledger.update { accounts in
      accounts.listeners[index].isTLS = one.place.endpoint.transport == .tls
      accounts.listeners[index].receiveBuffer = 0
    }
    return index
  }

  private func announce(_ one: Bound) {
    var fields: [(String, Notice.Value)] = [
      ("listener", .text(one.name)), ("address", .text("\(one.input.address)")),
    ]
    switch one.input {
    case .datagrams(let source): fields.append(("receive_buffer", .number(Int64(source.grantedBuffer))))
    case .streams: fields.append(("connections", .number(Int64(config.listen.tcp.connections))))
    }
    // Whose socket it is: nothing when the daemon bound it itself.
    if let handedOver = one.handedOver { fields.append(("handed_over", .text(handedOver.name))) }
    notices(Notice(.info, "intake", "listening", fields))
    if case .datagrams(let source) = one.input, source.grantedBuffer < config.listen.receiveBuffer {
      notices(
        Notice(
          .warning, "intake",
          "the kernel granted a smaller receive buffer than configured: raise net.core.rmem_max (sysctl), "
            + "or ReceiveBuffer= of muttd.socket",
          [
            ("listener", .text(one.name)), ("granted", .number(Int64(source.grantedBuffer))),
            ("configured", .number(Int64(config.listen.receiveBuffer))),
          ]))
    }
  }

  /// Files, databases, webhooks and the console, generously.
  private static let otherDescriptors = 512

  /// Every connection is a descriptor, and shells start programs with 1,024 of them.
  private func raiseDescriptorLimit() {
    let streams = config.listen.syslog.count { $0.transport.isStream }
    let wanted = streams * config.listen.tcp.connections + Listeners.otherDescriptors
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

extension Listeners.Place {
  fileprivate var transport: String { endpoint.transport.rawValue }
}

extension Config.Listen {
  /// An IPv6 wildcard takes IPv4 too, unless the configuration has a listener of its own for that.
  func leavesIPv4(_ endpoint: Config.Endpoint) -> Bool {
    endpoint.address.v4 == nil
      && (syslog + snmp).contains {
        $0.port == endpoint.port && $0.address.v4 != nil
          && $0.transport.isStream == endpoint.transport.isStream
      }
  }
}

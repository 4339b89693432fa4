internal import CLinux
internal import Glibc
internal import Model

/// The inside of a `StreamSource`: accepts, reads, cuts into frames, and closes who is too slow. One thread.
///
/// All connections share one workspace: what a read brings is cut in place and copied into the slab once;
/// only the bytes of an unfinished message are kept per connection. A read takes at most `readSize`, and the
/// kernel names ready connections in turn (epoll, level-triggered), so that a fast sender has no more than
/// that before the next one is served.
@safe struct StreamLoop: ~Copyable {
  private static let readSize = 64 << 10
  /// The most a TLS record holds (RFC 8446 §5.1).
  private static let recordSize = 16 << 10
  private static let listenerTag = UInt64.max
  private static let wakeTag = UInt64.max - 1
  /// Ready descriptors asked for in one call, and connections accepted in one turn.
  private static let eventLimit = 64
  /// How often `receive` asks for more when what was ready made no whole frame.
  private static let roundLimit = 16
  /// The same at the end, when an empty slab says that all was read: enough for 65,536 connections, bounded
  /// for messages without an end.
  private static let lastRoundLimit = 4_096
  /// While nobody called `receive` for longer than this, senders could not be faster: that time does not
  /// count against them, nanoseconds.
  private static let stall: Int64 = 1_000_000_000
  /// Pause after the kernel had no descriptor for a connection, nanoseconds.
  private static let acceptPause: Int64 = 1_000_000_000
  /// The memory of an empty rest is given back after so long, nanoseconds.
  private static let restPause: Int64 = 5_000_000_000

  private var socket: StreamSocket?
  private let poll: Int32
  private let wakeDescriptor: Int32
  private let settings: StreamSettings
  private let report: StreamReport
  private let sweepInterval: Int64
  private var table: ConnectionTable
  private var counts = ConnectionCounts()
  private(set) var hasNews = true

  private var events: [UInt64] = Array(repeating: 0, count: StreamLoop.eventLimit)
  private var eventCount = 0
  private var nextEvent = 0

  /// The connection whose bytes are in the workspace; -1: none.
  private var current = -1
  private let workspace: UnsafeMutablePointer<UInt8>
  private var filled = 0
  private var at = 0
  /// Why it is to be closed once its bytes are taken.
  private var ending: ClosingReason?
  /// A frame of it was whole since the last read.
  private var hasCompleted = false
  private var arrival = Timestamp.absent

  /// Our clock: monotonic, without the time in which nobody read.
  private var now: Int64
  private var skew: Int64 = 0
  private var left: Int64
  private var nextSweep: Int64
  private var acceptsAgain: Int64?
  /// Nobody new is let in.
  private var isStopping = false
  /// The next slot whose connection is to be ended.
  private var nextEnd = 0

  init(
    _ socket: consuming StreamSocket, wake: Int32, settings: StreamSettings, report: StreamReport
  ) throws(IntakeError) {
    poll = mutt_poll_create()
    self.settings = settings
    self.report = report
    wakeDescriptor = wake
    table = ConnectionTable(capacity: settings.connections)
    let rest = max(FrameReader.longestRest(kept: settings.kept), ProxyHeader.longest)
    unsafe workspace = .allocate(capacity: rest + StreamLoop.readSize)
    // Four looks in the shortest time that is to be noticed.
    sweepInterval = min(1_000_000_000, max(10_000_000, min(settings.idle, settings.patience) / 4))
    now = SystemClock.monotonic
    left = now
    nextSweep = now + sweepInterval
    let listener = socket.descriptor
    self.socket = consume socket
    try watch(listener)
  }

  private func watch(_ listener: Int32) throws(IntakeError) {
    guard poll >= 0 else {
      throw IntakeError(
        .system, call: "epoll_create", number: -poll, message: "no descriptor left: \(errnoText(-poll))")
    }
    for (descriptor, tag) in [
      (listener, StreamLoop.listenerTag), (wakeDescriptor, StreamLoop.wakeTag),
    ] {
      let result = mutt_poll_add(poll, descriptor, tag, Int32(MUTT_READABLE))
      guard result == 0 else {
        throw IntakeError(
          .system, call: "epoll_ctl", number: -result, message: "waiting failed: \(errnoText(-result))")
      }
    }
  }

  deinit {
    mutt_close(poll)
    unsafe workspace.deallocate()
  }

  mutating func takeCounts() -> ConnectionCounts {
    hasNews = false
    counts.open = UInt64(table.count)
    return counts
  }

  mutating func receive(into slab: inout DatagramSlab, wait: Int32) throws(IntakeError) {
    slab.clear()
    let entered = SystemClock.monotonic
    if entered - left > StreamLoop.stall { skew += entered - left }
    now = entered - skew
    defer { left = SystemClock.monotonic }
    drain(into: &slab)
    var round = 0
    let limit = isStopping ? StreamLoop.lastRoundLimit : StreamLoop.roundLimit
    while slab.count == 0, round < limit {
      let ready = unsafe mutt_poll_wait(
        poll, &events, Int32(StreamLoop.eventLimit), round == 0 ? shortened(wait) : 0)
      if ready < 0 {
        throw IntakeError(
          .system, call: "epoll_wait", number: -ready, message: "waiting failed: \(errnoText(-ready))")
      }
      now = SystemClock.monotonic - skew
      eventCount = Int(ready)
      nextEvent = 0
      drain(into: &slab)
      if ready == 0 { return }
      round += 1
    }
  }

  /// A wait ends when connections have to be looked at.
  private func shortened(_ wait: Int32) -> Int32 {
    if table.count == 0, acceptsAgain == nil { return wait }
    let left = Int32(clamping: max(0, (nextSweep - now + 999_999) / 1_000_000))
    return wait < 0 ? left : min(wait, left)
  }

  /// Goes on where it stopped until the slab is full or everything that was ready is taken.
  private mutating func drain(into slab: inout DatagramSlab) {
    while slab.count < slab.slots {
      if current >= 0 {
        takeFrames(into: &slab)
      } else if now >= nextSweep {
        sweep()
      } else if nextEvent < eventCount {
        nextEvent += 1
        serve(events[nextEvent - 1])
      } else {
        return
      }
    }
  }

  private mutating func serve(_ tag: UInt64) {
    if tag == StreamLoop.listenerTag {
      accept()
    } else if tag == StreamLoop.wakeTag {
      _ = mutt_wake_clear(wakeDescriptor)
    } else if let slot = table.slot(tag) {
      if table[slot].grace == .given { table[slot].grace = .spent }
      switch table[slot].phase {
      case .proxy: readProxyHeader(slot)
      case .handshake: shakeHands(slot)
      case .open: read(slot)
      }
    }
  }
}

// MARK: Beginning

extension StreamLoop {
  /// False when nobody waits any more, or nobody can be let in now.
  @discardableResult
  private mutating func accept() -> Bool {
    guard let listener = socket?.descriptor else { return false }
    for _ in 0..<StreamLoop.eventLimit {
      var from = mutt_peer()
      let descriptor = unsafe mutt_tcp_accept(listener, &from)
      if descriptor < 0 {
        switch -descriptor {
        case EAGAIN: return false
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
          pauseAccepting(listener, -descriptor)
          return false
        // That connection is gone again; the next may be well.
        default: continue
        }
      }
      hasNews = true
      counts.accepted += 1
      welcome(descriptor, IPAddress(high: from.address_high, low: from.address_low), from.port)
    }
    return true
  }

  private mutating func welcome(_ descriptor: Int32, _ peer: IPAddress, _ port: UInt16) {
    let isProxy = settings.proxies.contains(peer)
    // A proxy is let in by being named; the address it brings is looked at instead.
    let reason: RefusalReason? =
      !isProxy && settings.admits?(peer) == false ? .address : table.isFull ? .limit : nil
    if let reason {
      mutt_close(descriptor)
      counts.refuse(reason)
      report.refused(reason, peer, port)
      return
    }
    let phase: StreamConnection.Phase = isProxy ? .proxy : settings.tls != nil ? .handshake : .open
    let slot = table.insert(
      StreamConnection(
        descriptor: descriptor, peer: peer, port: port, phase: phase,
        reader: FrameReader(kept: settings.kept, limit: settings.maxFrame), lastActivity: now,
        started: phase == .open ? 0 : now))
    let result = mutt_poll_add(poll, descriptor, table.tag(slot), Int32(MUTT_READABLE))
    if result < 0 { return close(slot, .error) }
    if phase == .handshake { beginTLS(slot) }
  }

  /// Those who connect wait in the kernel meanwhile.
  private mutating func pauseAccepting(_ listener: Int32, _ number: Int32) {
    hasNews = true
    counts.acceptFailures += 1
    report.acceptFailed(number)
    acceptsAgain = now + StreamLoop.acceptPause
    _ = mutt_poll_change(poll, listener, StreamLoop.listenerTag, 0)
  }

  /// Takes the header off the stream and not a byte more: what follows may be for another reader.
  private mutating func readProxyHeader(_ slot: Int) {
    let kept = unsafe table[slot].rest.copy(to: workspace)
    let descriptor = table[slot].descriptor
    let got = unsafe Int(
      mutt_stream_receive(descriptor, workspace + kept, ProxyHeader.longest - kept, 1))
    if got == -Int(EAGAIN) { return }
    guard got > 0 else {
      return isProbe(slot, got) ? close(slot, .peer) : refuse(slot, .proxyHeader)
    }
    table[slot].hasSpoken = true
    table[slot].lastActivity = now
    let bytes = unsafe Span(_unsafeStart: UnsafePointer(workspace), count: kept + got)
    switch ProxyHeader.read(bytes) {
    case .malformed: refuse(slot, .proxyHeader)
    case .more:
      unsafe table[slot].rest.keep(workspace, count: kept + got)
      if unsafe mutt_stream_receive(descriptor, workspace, got, 0) != got { close(slot, .error) }
    case .header(let header):
      let last = header.length - kept
      guard unsafe mutt_stream_receive(descriptor, workspace, last, 0) == last else {
        return close(slot, .error)
      }
      if let peer = header.peer {
        table[slot].peer = peer
        table[slot].port = header.port
        if settings.admits?(peer) == false { return refuse(slot, .address) }
      }
      table[slot].rest.release()
      table[slot].started = 0
      table[slot].grace = .unused
      table[slot].phase = .open
      if settings.tls != nil { beginTLS(slot) }
    }
  }

  private mutating func beginTLS(_ slot: Int) {
    guard let identity = settings.tls,
      let session = TLSSession(identity.current, accepting: table[slot].descriptor)
    else { return close(slot, .error) }
    table[slot].tls = consume session
    table[slot].phase = .handshake
    table[slot].started = now
  }

  /// Whether a connection ended before a byte came: load balancers look so whether somebody listens.
  private func isProbe(_ slot: Int, _ got: Int) -> Bool {
    !table[slot].hasSpoken && (got == 0 || got == -Int(ECONNRESET))
  }

  private mutating func shakeHands(_ slot: Int) {
    if !table[slot].hasSpoken {
      var byte: UInt8 = 0
      let got = unsafe Int(mutt_stream_receive(table[slot].descriptor, &byte, 1, 1))
      if isProbe(slot, got) { return close(slot, .peer) }
      table[slot].hasSpoken = got > 0
    }
    table[slot].lastActivity = now
    switch table[slot].tls?.handshake() {
    case .done?:
      table[slot].phase = .open
      table[slot].started = 0
      table[slot].grace = .unused
      wait(slot, toWrite: false)
    case .wantsRead?: wait(slot, toWrite: false)
    case .wantsWrite?: wait(slot, toWrite: true)
    case .failed(let fault, let text)?:
      counts.handshakeFaults[fault.rawValue] += 1
      report.handshakeFailed(fault, text, table[slot].peer, table[slot].port)
      close(slot, .handshake)
    case nil: close(slot, .error)
    }
  }

  private mutating func wait(_ slot: Int, toWrite: Bool) {
    if table[slot].waitsToWrite == toWrite { return }
    table[slot].waitsToWrite = toWrite
    // A descriptor that is open and was added can be changed.
    _ = mutt_poll_change(
      poll, table[slot].descriptor, table.tag(slot), Int32(toWrite ? MUTT_WRITABLE : MUTT_READABLE))
  }
}

// MARK: Reading

extension StreamLoop {
  private mutating func read(_ slot: Int) {
    let kept = unsafe table[slot].rest.copy(to: workspace)
    if table[slot].tls != nil { return readTLS(slot, kept) }
    let got = unsafe Int(
      mutt_stream_receive(table[slot].descriptor, workspace + kept, StreamLoop.readSize, 0))
    if got == -Int(EAGAIN) { return }
    arrival = SystemClock.now
    let ending: ClosingReason? = got > 0 ? nil : got == 0 || isProbe(slot, got) ? .peer : .error
    if got > 0 { table[slot].hasSpoken = true }
    open(slot, count: kept + max(0, got), ending: ending)
  }

  /// Takes whole TLS records: with room for one always left, nothing stays behind where the kernel would not
  /// tell of it.
  private mutating func readTLS(_ slot: Int, _ kept: Int) {
    let limit = kept + StreamLoop.readSize
    var end = kept
    var got = 0
    repeat {
      got = unsafe table[slot].tls?.receive(into: workspace + end, count: limit - end) ?? 0
      end += max(0, got)
    } while got > 0 && limit - end >= StreamLoop.recordSize
    wait(slot, toWrite: got == -Int(EINPROGRESS))
    let mustWait = got == -Int(EAGAIN) || got == -Int(EINPROGRESS)
    if end == kept, mustWait { return }
    arrival = SystemClock.now
    open(slot, count: end, ending: got > 0 || mustWait ? nil : got == 0 ? .peer : .error)
  }

  /// `count` bytes of the workspace are this connection's.
  private mutating func open(_ slot: Int, count: Int, ending: ClosingReason?) {
    current = slot
    filled = count
    at = 0
    self.ending = ending
    hasCompleted = false
  }

  private mutating func takeFrames(into slab: inout DatagramSlab) {
    let slot = current
    let bytes = unsafe Span(_unsafeStart: UnsafePointer(workspace), count: filled)
    var about = Datagram(peer: table[slot].peer, port: table[slot].port, arrival: arrival)
    var reader = table[slot].reader
    let wasSkipping = reader.isSkipping
    while slab.count < slab.slots {
      switch reader.next(bytes, &at) {
      case .frame(let start, let end, let isCut):
        about.isTruncated = isCut
        hasCompleted = true
        _ = slab.put(bytes.extracting(start..<end), about)
      case .oversized:
        hasNews = true
        counts.oversized += 1
        report.oversized(about.peer, about.port)
      case .broken: ending = .framing
      case .more:
        if let ending {
          if case .frame(let start, let end, let isCut)? = reader.last(bytes, at) {
            about.isTruncated = isCut || ending == .unread
            _ = slab.put(bytes.extracting(start..<end), about)
          }
          close(slot, ending)
        } else {
          leave(slot, reader, began: hasCompleted || (wasSkipping && !reader.isSkipping))
        }
        return
      }
    }
    table[slot].reader = reader
  }

  /// Keeps what is unfinished. `began`: what is unfinished now was not when the last bytes came.
  private mutating func leave(_ slot: Int, _ reader: FrameReader, began: Bool) {
    current = -1
    table[slot].reader = reader
    unsafe table[slot].rest.keep(workspace + at, count: filled - at)
    let isWhole = filled == at && !reader.isSkipping
    // Line ends that end nothing are no sign of life.
    if began || !isWhole { table[slot].lastActivity = now }
    if began { table[slot].grace = .unused }
    if isWhole {
      table[slot].started = 0
    } else if began || table[slot].started == 0 {
      table[slot].started = now
    }
  }
}

// MARK: Ending

extension StreamLoop {
  private mutating func close(_ slot: Int, _ reason: ClosingReason) {
    report.closed(reason, table[slot].peer, table[slot].port)
    counts.close(reason)
    remove(slot)
  }

  private mutating func refuse(_ slot: Int, _ reason: RefusalReason) {
    report.refused(reason, table[slot].peer, table[slot].port)
    counts.refuse(reason)
    remove(slot)
  }

  private mutating func remove(_ slot: Int) {
    hasNews = true
    table.remove(slot)
    if current == slot { current = -1 }
  }

  /// Looks at every connection's time. Stops at one whose unfinished message has to be taken first; the next
  /// look goes on from there, since that one is gone then.
  private mutating func sweep() {
    if let due = acceptsAgain, now >= due {
      acceptsAgain = nil
      if let listener = socket?.descriptor {
        _ = mutt_poll_change(poll, listener, StreamLoop.listenerTag, Int32(MUTT_READABLE))
      }
    }
    for slot in 0..<table.capacity where table.holds(slot) {
      let quiet = now - table[slot].lastActivity
      let isSlow = table[slot].started != 0 && now - table[slot].started > settings.patience
      guard isSlow || quiet > settings.idle else {
        if quiet > StreamLoop.restPause, table[slot].rest.count == 0 { table[slot].rest.release() }
        continue
      }
      // What waits in the kernel was sent in time, unless we wait for the client to take something first.
      if table[slot].grace != .spent, !table[slot].waitsToWrite, hasUnread(slot) {
        table[slot].grace = .given
        continue
      }
      if end(slot, isSlow ? .slow : .idle) { return }
    }
    nextSweep = now + sweepInterval
  }

  private func hasUnread(_ slot: Int) -> Bool {
    var byte: UInt8 = 0
    return unsafe mutt_stream_receive(table[slot].descriptor, &byte, 1, 1) > 0
  }

  /// Closes a connection; true when its unfinished message has to be taken first.
  private mutating func end(_ slot: Int, _ reason: ClosingReason) -> Bool {
    guard table[slot].phase == .open, table[slot].rest.count > 0 else {
      close(slot, reason)
      return false
    }
    let kept = unsafe table[slot].rest.copy(to: workspace)
    arrival = SystemClock.now
    open(slot, count: kept, ending: reason)
    return true
  }

  /// Takes who waits to be let in and listens no more: who comes later finds somebody else, or nobody.
  mutating func refuse() {
    isStopping = true
    for _ in 0..<2 * StreamSocket.backlog / StreamLoop.eventLimit where !accept() { break }
    // A socket that was handed over lives on with whoever bound it, and would still be reported.
    if let listener = socket?.descriptor { _ = mutt_poll_remove(poll, listener) }
    socket = nil
    acceptsAgain = nil
  }

  /// Ends all connections, and hands out what they had begun as if the senders had ended them.
  mutating func finish(into slab: inout DatagramSlab) {
    slab.clear()
    while slab.count < slab.slots {
      if current >= 0 {
        takeFrames(into: &slab)
      } else if nextEnd == table.capacity {
        return
      } else if table.holds(nextEnd) {
        _ = end(nextEnd, hasUnread(nextEnd) ? .unread : .stop)
      } else {
        nextEnd += 1
      }
    }
  }
}

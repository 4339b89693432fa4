internal import CLinux
package import Model

/// What is known of a datagram besides its bytes.
package struct Datagram: BitwiseCopyable, Sendable {
  package var peer: IPAddress
  package var port: UInt16
  /// The kernel's time of arrival; absent when it gave none.
  package var arrival: Timestamp
  /// The sender's datagram was longer than the slot.
  package var isTruncated: Bool

  package init(peer: IPAddress, port: UInt16, arrival: Timestamp, isTruncated: Bool = false) {
    self.peer = peer
    self.port = port
    self.arrival = arrival
    self.isTruncated = isTruncated
  }
}

/// Memory for one batch of datagrams, mapped once: `slots` of `slotSize` bytes, and the vectors recvmmsg
/// needs. Pages that no datagram reached are never touched.
@safe package struct DatagramSlab: ~Copyable {
  private let slab: OpaquePointer
  package let slots: Int
  package let slotSize: Int
  /// Datagrams of the last receive.
  package private(set) var count: Int = 0
  private var pace = ReceivePace()

  package init(slots: Int, slotSize: Int) throws(IntakeError) {
    guard let slab = unsafe mutt_slab_create(UInt32(slots), UInt32(slotSize)) else {
      throw IntakeError(
        .memory, call: "mmap",
        message:
          "no memory for \(slots) datagrams of \(slotSize) bytes: lower syslog.max_message or free memory")
    }
    unsafe self.slab = slab
    self.slots = slots
    self.slotSize = slotSize
  }

  deinit { unsafe mutt_slab_destroy(slab) }

  /// Takes what `descriptor` has queued, at most `slots` datagrams, without waiting.
  package mutating func receive(from descriptor: Int32) throws(IntakeError) {
    let result = unsafe mutt_slab_receive(slab, descriptor)
    if result < 0 {
      count = 0
      // The answer to something sent from here (ICMP), reported on the next receive: no fault of ours.
      if -result == 111 { return }
      throw IntakeError(
        .system, call: "recvmmsg", number: -result, message: "receiving failed: \(errnoText(-result))")
    }
    count = Int(result)
    pace.note(count, room: slots, at: SystemClock.monotonic)
  }

  /// Waits, if datagrams keep coming, until some of them have gathered. True when the socket is likely to
  /// hold some: it need not be waited for.
  package func rest() -> Bool {
    if pace.hasMore { return true }
    if !pace.isBusy { return false }
    let nanoseconds = pace.rest(at: SystemClock.monotonic)
    if nanoseconds > 0 { mutt_pause(nanoseconds) }
    return true
  }

  /// Appends a datagram by hand: replay and tests. False when the slab is full.
  package mutating func put(_ bytes: Span<UInt8>, _ about: Datagram) -> Bool {
    guard count < slots else { return false }
    let meta = mutt_datagram(
      address_high: about.peer.high, address_low: about.peer.low,
      timestamp_ns: about.arrival.isAbsent ? 0 : about.arrival.nanoseconds, length: 0, port: about.port,
      is_truncated: about.isTruncated ? 1 : 0)
    let slot = UInt32(count)
    unsafe bytes.withUnsafeBufferPointer { buffer in
      // An empty datagram has no base address; the copy of nothing needs one all the same.
      var nothing: UInt8 = 0
      unsafe withUnsafePointer(to: &nothing) {
        _ = unsafe mutt_slab_put(slab, slot, buffer.baseAddress ?? $0, UInt32(buffer.count), meta)
      }
    }
    count += 1
    return true
  }

  package mutating func clear() { count = 0 }

  package subscript(index: Int) -> Datagram {
    precondition(index < count, "datagram \(index) of \(count)")
    let meta = unsafe mutt_slab_datagrams(slab)[index]
    return Datagram(
      peer: IPAddress(high: meta.address_high, low: meta.address_low), port: meta.port,
      arrival: meta.timestamp_ns == 0 ? .absent : Timestamp(nanoseconds: meta.timestamp_ns),
      isTruncated: meta.is_truncated != 0)
  }

  /// Which way datagram `index` of the last receive came; nothing is known where its socket does not tell.
  package func path(_ index: Int) -> ReturnPath {
    precondition(index < count, "datagram \(index) of \(count)")
    let path = unsafe mutt_slab_path(slab, UInt32(index))
    return ReturnPath(
      local: IPAddress(high: path.local_high, low: path.local_low), interface: path.interface)
  }

  /// The bytes of datagram `index`, valid until the next receive.
  package func bytes(_ index: Int) -> UnsafeBufferPointer<UInt8> {
    precondition(index < count, "datagram \(index) of \(count)")
    let length = unsafe Int(mutt_slab_datagrams(slab)[index].length)
    return unsafe UnsafeBufferPointer(start: mutt_slab_bytes(slab, UInt32(index)), count: length)
  }
}

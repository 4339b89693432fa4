internal import CLinux
internal import Model

/// One client of a stream listener: owns the descriptor and what of its bytes is not a whole message yet.
struct StreamConnection: ~Copyable {
  enum Phase {
    /// A proxy has yet to say who is behind it.
    case proxy
    case handshake
    case open
  }

  let descriptor: Int32
  var peer: IPAddress
  var port: UInt16
  var phase: Phase
  var reader: FrameReader
  var rest = RestBuffer()
  var tls: TLSSession?
  /// TLS has to send before it can go on.
  var waitsToWrite = false
  /// A byte came, or it was seen waiting.
  var hasSpoken = false
  /// When something came last that is, or may become, a message.
  var lastActivity: Int64
  /// Since when something is begun and not finished: a header, a handshake, a frame; 0: nothing is.
  var started: Int64
  var grace = Grace.unused

  /// What was sent in time may wait in the kernel because we were slow: once for what is begun, time that is
  /// over is not counted until we have read again.
  enum Grace { case unused, given, spent }

  deinit { mutt_close(descriptor) }

  /// Says that nothing more comes.
  func endTLS() { _ = tls?.finish() }
}

/// The bytes of an unfinished message. Takes memory when there are some, more when it has to, and gives it
/// back when asked.
@safe struct RestBuffer: ~Copyable {
  private var memory: UnsafeMutablePointer<UInt8>?
  private var capacity = 0
  private(set) var count = 0

  private static let smallest = 512

  deinit { unsafe memory?.deallocate() }

  /// Replaces the content; `source` lies elsewhere.
  @unsafe mutating func keep(_ source: UnsafePointer<UInt8>, count: Int) {
    if count > capacity {
      unsafe memory?.deallocate()
      capacity = max(RestBuffer.smallest, count + count / 2)
      unsafe memory = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    }
    if count > 0, let memory = unsafe memory { unsafe memory.update(from: source, count: count) }
    self.count = count
  }

  /// Puts the content at the beginning of `target`, where there is room for it; how much it is.
  @unsafe func copy(to target: UnsafeMutablePointer<UInt8>) -> Int {
    if count > 0, let memory = unsafe memory { unsafe target.update(from: memory, count: count) }
    return count
  }

  /// Gives the memory back; what was kept is gone.
  mutating func release() {
    unsafe memory?.deallocate()
    unsafe memory = nil
    capacity = 0
    count = 0
  }
}

/// Room for all connections a listener may have, made once. A tag names a connection and not its place, so
/// that what the kernel still says about a closed one is not taken for the next.
@safe struct ConnectionTable: ~Copyable {
  private let places: UnsafeMutablePointer<StreamConnection>
  private var isUsed: [Bool]
  private var ages: [UInt32]
  private var free: [Int]
  let capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    unsafe places = .allocate(capacity: capacity)
    isUsed = Array(repeating: false, count: capacity)
    ages = Array(repeating: 0, count: capacity)
    free = Array((0..<capacity).reversed())
  }

  deinit {
    for slot in 0..<capacity where isUsed[slot] {
      unsafe places[slot].endTLS()
      unsafe (places + slot).deinitialize(count: 1)
    }
    unsafe places.deallocate()
  }

  var isFull: Bool { free.isEmpty }

  /// The slot it stands in from now on. There must be room.
  mutating func insert(_ connection: consuming StreamConnection) -> Int {
    let slot = free.removeLast()
    unsafe (places + slot).initialize(to: connection)
    isUsed[slot] = true
    count += 1
    return slot
  }

  /// Closes the connection.
  mutating func remove(_ slot: Int) {
    precondition(isUsed[slot], "no connection in slot \(slot)")
    unsafe places[slot].endTLS()
    unsafe (places + slot).deinitialize(count: 1)
    isUsed[slot] = false
    ages[slot] &+= 1
    count -= 1
    free.append(slot)
  }

  func holds(_ slot: Int) -> Bool { isUsed[slot] }

  func tag(_ slot: Int) -> UInt64 { UInt64(ages[slot]) << 32 | UInt64(slot) }

  /// Nil when the connection is gone.
  func slot(_ tag: UInt64) -> Int? {
    let slot = Int(tag & 0xFFFF_FFFF)
    guard slot < capacity, isUsed[slot], ages[slot] == UInt32(tag >> 32) else { return nil }
    return slot
  }

  subscript(slot: Int) -> StreamConnection {
    _read {
      precondition(isUsed[slot], "no connection in slot \(slot)")
      yield unsafe places[slot]
    }
    _modify {
      precondition(isUsed[slot], "no connection in slot \(slot)")
      yield unsafe &places[slot]
    }
  }
}

import Glibc
import Synchronization

/// The addresses of a name. The system's resolver cannot be told how long to wait, so it is asked on a thread
/// of its own, which whoever has lost patience leaves to itself. Whoever asks for the same name meanwhile
/// waits for the same answer: there is one thread a name, however long name servers are silent.
final class NameLookup: Sendable {
  enum Answer: Equatable {
    case found([String])
    /// In the resolver's words.
    case failed(String)
    /// None in time.
    case late
  }

  private static let running = Mutex<[String: NameLookup]>([:])
  private let name: String
  private let answer = Mutex<Answer>(.late)
  private let isDone = Atomic(false)

  private init(_ name: String) { self.name = name }

  static func start(_ name: String) -> NameLookup {
    running.withLock { running in
      if let lookup = running[name] { return lookup }
      let lookup = NameLookup(name)
      if lookup.begin() { running[name] = lookup }
      return lookup
    }
  }

  func wait(until deadline: Int64, _ patience: PostgresPatience) -> Answer {
    // One look more after the end: the answer may have come with it.
    while !isDone.load(ordering: .acquiring), patience.now < min(deadline, patience.deadline) {
      poll(nil, 0, 2)
    }
    return isDone.load(ordering: .acquiring) ? answer.withLock { $0 } : .late
  }

  /// False when no thread can be started; the answer says so.
  private func begin() -> Bool {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { unsafe pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let this = unsafe Unmanaged.passRetained(self)
    let code = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let lookup = unsafe Unmanaged<NameLookup>.fromOpaque(argument).takeRetainedValue()
        lookup.end(NameLookup.resolve(lookup.name))
        NameLookup.running.withLock { _ = $0.removeValue(forKey: lookup.name) }
        return nil
      }, this.toOpaque())
    if code == 0 { return true }
    unsafe this.release()
    end(.failed("no thread can be started: \(unsafe String(cString: strerror(code)))"))
    return false
  }

  private func end(_ answer: Answer) {
    self.answer.withLock { $0 = answer }
    isDone.store(true, ordering: .releasing)
  }

  /// Blocks as long as the name servers are silent.
  private static func resolve(_ name: String) -> Answer {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(name, nil, &hints, &list)
    defer { unsafe list.map { unsafe freeaddrinfo($0) } }
    if code != 0 { return .failed(unsafe String(cString: gai_strerror(code))) }
    var addresses: [String] = []
    var at = unsafe list
    while let entry = unsafe at?.pointee {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let code = unsafe getnameinfo(
        entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
      if code == 0 {
        addresses.append(
          String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
      unsafe at = entry.ai_next
    }
    return addresses.isEmpty ? .failed("it has no address") : .found(addresses)
  }
}

import CPostgreSQL
import Glibc

/// Finds the server that answers, of all hosts that an address names. libpq would try one after the other
/// and block as long as each of them is silent; here all of them have one time limit, shared among those
/// that are still to be tried, and the end of all patience ends it at once.
struct PostgresDial {
  private let address: PostgresAddress
  private let defaults = PostgresAddress.defaults
  private let patience: PostgresPatience
  /// CLOCK_MONOTONIC nanoseconds.
  private let deadline: Int64

  /// What one address may take unless the URL says otherwise, nanoseconds.
  private static let usual: Int64 = 5_000_000_000

  init(_ address: PostgresAddress, within limit: Int64, patience: PostgresPatience) {
    self.address = address
    self.patience = patience
    deadline = patience.now &+ limit
  }

  /// The connection, to be closed by the caller. Throws `.unavailable` with what each host said.
  @unsafe func connect() throws(StoreError) -> OpaquePointer {
    let places = PostgresPlace.list(address.words, defaults)
    // `prefer-standby` is a wish about all hosts: first only such, then any.
    let prefers = word("target_session_attrs") == "prefer-standby" && places.count > 1
    let rounds = prefers ? ["standby", "any"] : [nil]
    var problems: [String] = []
    for (round, attributes) in rounds.enumerated() {
      problems = []
      for (index, place) in places.enumerated() {
        let left = (rounds.count - round - 1) * places.count + places.count - index
        switch unsafe attempt(place, attributes, until: share(of: left)) {
        case .connected(let handle): return unsafe handle
        case .failed(let words): problems += words
        }
        if isOver { break }
      }
      if isOver { break }
    }
    throw StoreError(
      .unavailable,
      "\(address.shown): connecting failed: \(problems.joined(separator: "; ")). "
        + StoreError.Code.unavailable.serverAdvice)
  }

  private func word(_ keyword: String) -> String? { address.words[keyword] ?? defaults[keyword] }

  private var isOver: Bool { patience.now >= min(end, patience.deadline) }

  /// A `connect_timeout` of the address is a wish for every host: then there is no limit over all.
  private var end: Int64 { limitPerAddress == nil ? deadline : .max }

  /// Nanoseconds; one second counts as two, as libpq has it.
  private var limitPerAddress: Int64? {
    guard let seconds = word("connect_timeout").flatMap({ Int64($0) }), seconds > 0 else { return nil }
    return max(2, min(seconds, 86_400)) * 1_000_000_000
  }

  /// Until when one of `left` may be tried.
  private func share(of left: Int) -> Int64 {
    let now = patience.now
    // Within the patience there is for now, the last host has its turn too.
    let end = min(end, patience.deadline)
    let share = end == .max ? Int64.max : max(0, end - now) / Int64(left)
    return now &+ min(share, limitPerAddress ?? PostgresDial.usual)
  }

  @unsafe private enum Outcome {
    case connected(OpaquePointer)
    /// In the words of libpq or ours.
    case failed([String])
  }

  private func attempt(_ place: PostgresPlace, _ attributes: String?, until deadline: Int64) -> Outcome {
    guard let name = place.nameToLookUp else {
      return unsafe attemptAddress(place, attributes, until: deadline)
    }
    let addresses: [String]
    switch NameLookup.start(name).wait(until: deadline, patience) {
    case .found(let list): addresses = list
    case .failed(let reason): return unsafe .failed(["\(name): \(reason)"])
    case .late: return unsafe .failed(["\(name): no name server answers"])
    }
    var problems: [String] = []
    for (index, address) in addresses.enumerated() {
      let now = patience.now
      let end =
        limitPerAddress == nil
        ? now &+ max(0, deadline - now) / Int64(addresses.count - index)
        : share(of: addresses.count - index)
      switch unsafe attemptAddress(place.at(address), attributes, until: end) {
      case .connected(let handle): return unsafe .connected(handle)
      case .failed(let words): problems += words
      }
      if isOver { break }
    }
    return unsafe .failed(problems)
  }

  private func attemptAddress(_ place: PostgresPlace, _ attributes: String?, until deadline: Int64)
    -> Outcome
  {
    guard let handle = unsafe start(words(for: place, attributes)) else {
      return unsafe .failed(["no memory for a connection"])
    }
    var state = PGRES_POLLING_WRITING
    while unsafe PQstatus(handle) != CONNECTION_BAD {
      if state == PGRES_POLLING_OK { return unsafe .connected(handle) }
      if state == PGRES_POLLING_FAILED { break }
      let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
      if !isReady(unsafe PQsocket(handle), Int16(events), until: deadline) {
        unsafe PQfinish(handle)
        return unsafe .failed(["\(place.shown) does not answer"])
      }
      state = unsafe PQconnectPoll(handle)
    }
    let text = address.cleaned(unsafe String(cString: PQerrorMessage(handle)))
    unsafe PQfinish(handle)
    return unsafe .failed([text])
  }

  /// What stands in the address, and around it what it may leave out.
  private func words(for place: PostgresPlace, _ attributes: String?) -> [String: String] {
    var words = [
      "fallback_application_name": "muttd",
      // A server that is gone without a word is noticed within half a minute.
      "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3",
      "tcp_user_timeout": "15000",
    ]
    words.merge(address.words) { _, given in given }
    words["client_encoding"] = "UTF8"
    if let attributes { words["target_session_attrs"] = attributes }
    place.narrow(&words)
    return words
  }

  @unsafe private func start(_ words: [String: String]) -> OpaquePointer? {
    let list = Array(words)
    let keys = unsafe list.map { unsafe UnsafePointer(strdup($0.key)) } + [nil]
    let values = unsafe list.map { unsafe UnsafePointer(strdup($0.value)) } + [nil]
    defer { unsafe (keys + values).forEach { unsafe free(UnsafeMutablePointer(mutating: $0)) } }
    return unsafe PQconnectStartParams(keys, values, 0)
  }

  private func isReady(_ socket: Int32, _ events: Int16, until deadline: Int64) -> Bool {
    while true {
      let left = min(deadline, patience.deadline) &- patience.now
      if left <= 0 { return false }
      var place = pollfd(fd: socket, events: events, revents: 0)
      // In slices: the end of all patience may come while we wait.
      if unsafe poll(&place, 1, Int32(min(left / 1_000_000 + 1, 100))) > 0 { return true }
    }
  }
}

import Console
import Intake
import Store
import Synchronization

/// Reads store and outbox for the API, on threads of its own: a page may take seconds, and neither the
/// threads of the server nor anything on the way of an event may wait for it.
final class APIReader: @unchecked Sendable {
  /// Pages that are read at once.
  static let threads = 3
  /// Of them, those of the network: who asks over the socket finds a thread however long others read.
  static let networkThreads = 2
  /// Requests that wait, of the network and of the socket; what comes beyond is told to come again.
  static let queueLimit = 32
  /// Longest an answer may take, waiting included, nanoseconds.
  static let patience: Int64 = 10_000_000_000
  /// Files that nobody has asked for so long are closed, seconds.
  private static let idle: Double = 60

  private struct Job {
    let isOfNetwork: Bool
    /// CLOCK_MONOTONIC nanoseconds.
    var deadline: Int64
    /// Nil: nothing is read any more.
    var run: (APIShelf?) -> Void
  }

  private let condition = WaitCondition()
  // Guarded by `condition`.
  private var networkJobs: [Job] = []
  private var socketJobs: [Job] = []
  /// Jobs of the network that are read now.
  private var networkReads = 0
  private var isStopping = false
  private let openStore: @Sendable () throws(StoreError) -> any EventStore
  private let openOutbox: @Sendable () throws(StoreError) -> Outbox
  private let endPatience: @Sendable () -> Void

  /// - Parameter endPatience: ends what stores are still waited for, at a stop.
  init(
    openStore: @escaping @Sendable () throws(StoreError) -> any EventStore,
    openOutbox: @escaping @Sendable () throws(StoreError) -> Outbox,
    endPatience: @escaping @Sendable () -> Void = {}
  ) {
    self.openStore = openStore
    self.openOutbox = openOutbox
    self.endPatience = endPatience
  }

  /// Runs `body` on one of the threads.
  func read<Value: Sendable>(
    for caller: APICaller, _ body: @escaping @Sendable (APIShelf) throws(Problem) -> Value
  ) async throws(Problem) -> Value {
    let answer = OneAnswer<Value>()
    let result = await withCheckedContinuation { continuation in
      answer.wait(
        continuation,
        timer: Task {
          do { try await Task.sleep(nanoseconds: UInt64(APIReader.patience)) } catch { return }
          answer.give(.failure(APIReader.tooLong))
        })
      let job = Job(
        isOfNetwork: caller == .network, deadline: SystemClock.monotonic + APIReader.patience
      ) { shelf in
        guard let shelf else { return answer.give(.failure(APIReader.stopping)) }
        do throws(Problem) {
          answer.give(.success(try body(shelf)))
        } catch {
          answer.give(.failure(error))
        }
      }
      if let refusal = submit(job) { answer.give(.failure(refusal)) }
    }
    return try result.get()
  }

  private static let tooLong = Problem(
    .unavailable, "reading took longer than \(patience / 1_000_000_000) s",
    do: "ask for less: since, until, host or rule narrow what is read", retryAfter: 10)
  private static let tooMany = Problem.busy(
    "\(queueLimit) requests wait already", do: "ask again", retryAfter: 1)
  static let stopping = Problem(
    .unavailable, "the daemon is stopping", do: "ask again when it runs", retryAfter: 10)

  private func submit(_ job: Job) -> Problem? {
    condition.lock()
    defer { condition.unlock() }
    if isStopping { return APIReader.stopping }
    let waiting = job.isOfNetwork ? networkJobs.count : socketJobs.count
    if waiting == APIReader.queueLimit { return APIReader.tooMany }
    if job.isOfNetwork { networkJobs.append(job) } else { socketJobs.append(job) }
    condition.signal()
    return nil
  }

  /// Requests of the network that wait for a thread.
  var waiting: Int {
    condition.lock()
    defer { condition.unlock() }
    return networkJobs.count
  }

  /// The body of each thread.
  func run() {
    let shelf = APIShelf(openStore: openStore, openOutbox: openOutbox)
    while let job = next(shelf) {
      // Whoever asked has been answered by the timer.
      if SystemClock.monotonic < job.deadline { job.run(shelf) }
      finish(job)
    }
    shelf.close()
  }

  private func next(_ shelf: APIShelf) -> Job? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopping {
      if !socketJobs.isEmpty { return socketJobs.removeFirst() }
      if !networkJobs.isEmpty, networkReads < APIReader.networkThreads {
        networkReads += 1
        return networkJobs.removeFirst()
      }
      if shelf.isEmpty {
        condition.wait()
      } else if !condition.wait(seconds: APIReader.idle) {
        shelf.close()
      }
    }
    return nil
  }

  /// What waits for its place is looked for by the thread that had it, next.
  private func finish(_ job: Job) {
    guard job.isOfNetwork else { return }
    condition.lock()
    networkReads -= 1
    condition.unlock()
  }

  func stop() {
    condition.lock()
    isStopping = true
    let left = socketJobs + networkJobs
    socketJobs = []
    networkJobs = []
    condition.broadcast()
    condition.unlock()
    endPatience()
    for job in left { job.run(nil) }
  }
}

/// An answer that is given once, by whoever comes first: the thread that reads, or the clock.
private final class OneAnswer<Value: Sendable>: Sendable {
  private struct State {
    var continuation: CheckedContinuation<Result<Value, Problem>, Never>?
    var timer: Task<Void, Never>?
  }
  private let state = Mutex(State())

  func wait(_ continuation: CheckedContinuation<Result<Value, Problem>, Never>, timer: Task<Void, Never>) {
    state.withLock {
      $0.continuation = continuation
      $0.timer = timer
    }
  }

  func give(_ result: Result<Value, Problem>) {
    let state = state.withLock { state in
      defer { state = State() }
      return state
    }
    state.timer?.cancel()
    state.continuation?.resume(returning: result)
  }
}

/// The files one thread of the reader has open; opened when they are first needed.
final class APIShelf {
  private let openStore: () throws(StoreError) -> any EventStore
  private let openOutbox: () throws(StoreError) -> Outbox
  private var openedStore: (any EventStore)?
  private var openedOutbox: Outbox?

  init(
    openStore: @escaping () throws(StoreError) -> any EventStore,
    openOutbox: @escaping () throws(StoreError) -> Outbox
  ) {
    self.openStore = openStore
    self.openOutbox = openOutbox
  }

  var isEmpty: Bool { openedStore == nil && openedOutbox == nil }

  /// A call of the store; its error as a problem.
  func store<Value>(_ call: (any EventStore) throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) {
      if let openedStore { return try call(openedStore) }
      let store = try openStore()
      openedStore = store
      return try call(store)
    } catch {
      // Opened anew by the next call: the file may be another one by then.
      close()
      throw APIShelf.problem(error)
    }
  }

  func outbox<Value>(_ call: (Outbox) throws(StoreError) -> Value) throws(Problem) -> Value {
    do throws(StoreError) {
      if let openedOutbox { return try call(openedOutbox) }
      let outbox = try openOutbox()
      openedOutbox = outbox
      return try call(outbox)
    } catch {
      close()
      throw APIShelf.problem(error)
    }
  }

  func close() {
    openedStore?.close()
    openedOutbox?.close()
    openedStore = nil
    openedOutbox = nil
  }

  private static func problem(_ error: StoreError) -> Problem {
    Problem(.unavailable, error.message, do: "muttd db status", retryAfter: 10)
  }
}

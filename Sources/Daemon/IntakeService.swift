import Intake
import Model
import ServiceLifecycle
import Synchronization

/// All workers, one thread each. They start last and stop first: what they have received is decided and
/// handed over before anything behind them ends. A reload opens some and closes others; those that stay are
/// not touched.
package final class IntakeService: Service {
  package struct Post: Sendable {
    package var name: String
    var place: Listeners.Place
    package var input: Vitals.Input
    package var gauge: WorkerGauge
    /// Index of the listener's counters.
    package var listener: Int
    /// Among all workers that ever were.
    package var number: Int
    /// What the kernel had dropped of an earlier listener of this name.
    var droppedBefore: UInt64 = 0
  }

  private struct State {
    var posts: [Post]
    /// Of those that run, in the order of their start; one that has ended is joined at once.
    var threads: [DaemonThread] = []
    var isRunning = false
    var isStopping = false
  }

  private let state: Mutex<State>
  private let context: WorkerContext

  package init(posts: [Post], context: WorkerContext) {
    state = Mutex(State(posts: posts))
    self.context = context
  }

  package func run() async throws {
    let first = state.withLock { state in
      state.isRunning = true
      return IntakeService.enter(state.posts, &state)
    }
    start(first)
    await withTaskCancellationOrGracefulShutdownHandler {
      do {
        try await gracefulShutdown()
      } catch {
        // Cancelled instead of asked: the end has come all the same.
      }
      while let thread = self.state.withLock({ $0.threads.popLast() }) { await thread.join() }
    } onCancelOrGracefulShutdown: {
      let posts = self.state.withLock { state in
        state.isStopping = true
        return state.posts
      }
      for post in posts { self.stop(post) }
    }
  }

  /// The sockets that are read, and by whom.
  package var listeners: [Vitals.Listener] {
    state.withLock { state in
      state.posts.map {
        Vitals.Listener(
          index: $0.listener, input: $0.input, gauge: $0.gauge, droppedBefore: $0.droppedBefore)
      }
    }
  }

  /// The number of the next post.
  var nextNumber: Int { context.answers.count }

  /// Reads these too from now on; at a stop it is too late for that, and they are closed.
  func open(_ posts: [Post]) {
    for post in posts { context.answers.add(post.input.source.answerPort) }
    // A stop that comes now finds their threads, or none of them.
    let started = state.withLock { state -> [(Post, DaemonThread)] in
      if state.isStopping { return [] }
      state.posts += posts
      return state.isRunning ? IntakeService.enter(posts, &state) : []
    }
    start(started)
  }

  private static func enter(_ posts: [Post], _ state: inout State) -> [(Post, DaemonThread)] {
    let started = posts.map { ($0, DaemonThread(name: $0.name)) }
    state.threads += started.map { $1 }
    return started
  }

  /// Somebody is still reading what arrived at a place that was closed.
  var isClosing: Bool { state.withLock { $0.posts.contains { $0.gauge.isStopping } } }

  /// Ends who reads these places, once what has arrived there is decided; the sockets close then.
  func close(_ places: Set<Listeners.Place>) {
    for post in state.withLock({ $0.posts }) where places.contains(post.place) { stop(post) }
  }

  private func stop(_ post: Post) {
    post.gauge.stop()
    post.input.source.wake()
  }

  private func start(_ started: [(Post, DaemonThread)]) {
    for (post, thread) in started {
      thread.start {
        self.work(post)
        self.state.withLock { state in state.threads.removeAll { $0 === thread } }
      }
    }
  }

  private func work(_ post: Post) {
    do throws(IntakeError) {
      let worker = try Worker(
        source: post.input.source, kind: post.place.kind, listener: post.listener, number: post.number,
        context: context, gauge: post.gauge)
      worker.run()
    } catch {
      context.notices(.init(.error, "intake", error.message))
    }
    // What it had grown to is of no use to the others.
    ProcessMemory.returnFreePages()
    // At a stop the books want to see every socket to the end.
    if state.withLock({ $0.isStopping }) { return }
    let all = listeners
    context.ledger.update { Vitals.sample(all, into: &$0) }
    state.withLock { state in state.posts.removeAll { $0.number == post.number } }
    // Behind the commit of what it handed over last: whoever sent it waits for an acknowledgement.
    context.recorder.post { [answers = context.answers] _ in answers.remove(post.number) }
    context.notices(
      Notice(.info, "intake", "no longer listening", [("address", .text("\(post.input.address)"))]))
  }
}

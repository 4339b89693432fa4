import Delivery
import Model
import ServiceLifecycle

/// A thread as a service: started by `run`, asked to stop by a graceful shutdown, awaited to its end.
package struct ThreadService: Service {
  private let thread: DaemonThread
  private let body: @Sendable () -> Void
  private let stop: @Sendable () -> Void

  package init(name: String, body: @escaping @Sendable () -> Void, stop: @escaping @Sendable () -> Void) {
    self.init(DaemonThread(name: name), body: body, stop: stop)
  }

  /// For a `stop` that may leave the thread.
  init(_ thread: DaemonThread, body: @escaping @Sendable () -> Void, stop: @escaping @Sendable () -> Void) {
    self.thread = thread
    self.body = body
    self.stop = stop
  }

  var name: String { thread.name }

  package func run() async throws {
    thread.start(body)
    await withTaskCancellationOrGracefulShutdownHandler {
      await thread.join()
    } onCancelOrGracefulShutdown: {
      stop()
    }
  }
}

/// The threads that read files for the API.
struct ReaderService: Service {
  let reader: APIReader

  func run() async throws {
    let threads = (0..<APIReader.threads).map { number in
      let thread = DaemonThread(name: "api-\(number)")
      thread.start {
        // Who asks waits; who sends does not.
        DaemonThread.lowerPriority()
        reader.run()
      }
      return thread
    }
    await withTaskCancellationOrGracefulShutdownHandler {
      for thread in threads { await thread.join() }
    } onCancelOrGracefulShutdown: {
      reader.stop()
    }
  }
}

/// The forwarders, one per destination, those included that a reload adds.
package struct DeliveryService: Service {
  private let destinations: Destinations

  init(_ destinations: Destinations) { self.destinations = destinations }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for await lane in destinations.starts { group.addTask { await lane.run() } }
      }
    }
    // No forwarder uses the transports any more.
    destinations.shutdown()
  }
}

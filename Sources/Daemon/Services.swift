package import Delivery
package import Intake
import Model
import ServiceLifecycle

/// A thread as a service: started by `run`, asked to stop by a graceful shutdown, awaited to its end.
package struct ThreadService: Service {
  private let thread: DaemonThread
  private let body: @Sendable () -> Void
  private let stop: @Sendable () -> Void

  package init(name: String, body: @escaping @Sendable () -> Void, stop: @escaping @Sendable () -> Void) {
    self.thread = DaemonThread(name: name)
    self.body = body
    self.stop = stop
  }

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
      thread.start { reader.run() }
      return thread
    }
    await withTaskCancellationOrGracefulShutdownHandler {
      for thread in threads { await thread.join() }
    } onCancelOrGracefulShutdown: {
      reader.stop()
    }
  }
}

/// All workers, one thread each. They start last and stop first: what they have received is decided and
/// handed over before anything behind them ends.
package struct IntakeService: Service {
  package struct Post: Sendable {
    package var name: String
    package var source: any DatagramSource
    package var gauge: WorkerGauge
    package var kind: Worker.Kind
    package var listener: Int

    package init(
      name: String, source: any DatagramSource, gauge: WorkerGauge, kind: Worker.Kind, listener: Int
    ) {
      self.name = name
      self.source = source
      self.gauge = gauge
      self.kind = kind
      self.listener = listener
    }
  }

  private let posts: [Post]
  private let context: WorkerContext

  package init(posts: [Post], context: WorkerContext) {
    self.posts = posts
    self.context = context
  }

  package func run() async throws {
    let threads = posts.enumerated().map { number, post in
      let thread = DaemonThread(name: post.name)
      thread.start { work(post, number) }
      return thread
    }
    await withTaskCancellationOrGracefulShutdownHandler {
      for thread in threads { await thread.join() }
    } onCancelOrGracefulShutdown: {
      for post in posts {
        post.gauge.stop()
        post.source.wake()
      }
    }
  }

  private func work(_ post: Post, _ number: Int) {
    do throws(IntakeError) {
      let worker = try Worker(
        source: post.source, kind: post.kind, listener: post.listener, number: number, context: context,
        gauge: post.gauge)
      worker.run()
    } catch {
      context.notices(.init(.error, "intake", error.message))
    }
  }
}

/// The forwarders, one per destination.
package struct DeliveryService: Service {
  private let forwarders: [Forwarder]
  private let finish: @Sendable () -> Void
  private let takeHandWork: @Sendable () async -> Void

  /// - Parameters:
  ///   - takeHandWork: looks for what people did to the outbox by hand; called every second.
  ///   - finish: closes the transports once no forwarder uses them any more.
  package init(
    forwarders: [Forwarder], takeHandWork: @escaping @Sendable () async -> Void,
    finish: @escaping @Sendable () -> Void
  ) {
    self.forwarders = forwarders
    self.takeHandWork = takeHandWork
    self.finish = finish
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      await withTaskGroup(of: Void.self) { group in
        for forwarder in forwarders { group.addTask { await forwarder.run() } }
        group.addTask {
          while !Task.isCancelled {
            await Forwarder.sleep(nanoseconds: 1_000_000_000)
            await takeHandWork()
          }
        }
        await group.waitForAll()
      }
    }
    finish()
  }
}

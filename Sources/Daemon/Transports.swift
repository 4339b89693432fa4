import Delivery

/// The ways out: one HTTP engine for all webhooks, one writer for standard output.
struct Transports: Sendable {
  private let curl: CurlTransport?
  private let lines: LineTransport?
  private let isLine: [Bool]

  init(_ destinations: [DestinationSettings]) throws(DaemonFailure) {
    isLine = destinations.map(\.isStandardOutput)
    do throws(DeliveryError) {
      // One for every attempt that may be under way: fewer would let one destination hold up another.
      let connections = destinations.reduce(0) { $0 + ($1.isStandardOutput ? 0 : $1.concurrency) }
      curl = connections > 0 ? try CurlTransport(connections: connections) : nil
      lines = isLine.contains(true) ? try LineTransport() : nil
    } catch {
      throw DaemonFailure(error)
    }
  }

  subscript(index: Int) -> any WebhookTransport {
    guard let transport: any WebhookTransport = isLine[index] ? lines : curl else {
      preconditionFailure("destination \(index) has no transport")
    }
    return transport
  }

  func shutdown() {
    curl?.shutdown()
    lines?.shutdown()
  }
}

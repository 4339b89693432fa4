import NIOCore
import NIOHTTPTypes

/// The time limits of one connection that the server library does not have: for the first request to begin,
/// for a request to come whole, and for an answer to be taken. Whoever is slower is closed, so that a handful
/// of slow ones cannot hold all places.
///
/// Only used on its channel's event loop.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  struct Limits: Sendable {
    /// From the connection to the head of the first request.
    var first = TimeAmount.seconds(10)
    /// From the head of a request to its end.
    var request = TimeAmount.seconds(15)
    /// Without the client taking what was written.
    var answer = TimeAmount.seconds(60)
  }

  private let limits: Limits
  private let silent: SilentConnections
  /// Among the connections of the server, from the moment it is open until it is closed.
  private var number: UInt64?
  /// Requests that have come whole, less the answers that have gone out whole.
  private var unanswered = 0
  private var reading: Scheduled<Void>?
  private var writing: Scheduled<Void>?

  init(_ limits: Limits, _ silent: SilentConnections) {
    self.limits = limits
    self.silent = silent
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { begin(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    if reading == nil { begin(context) }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      reading?.cancel()
      reading = closing(context, in: limits.request)
    case .body: break
    case .end:
      reading?.cancel()
      reading = nil
      // Who breaks off within a request has not asked.
      owe(1, context.channel)
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
    let channel = context.channel
    let written = promise ?? context.eventLoop.makePromise()
    written.futureResult.assumeIsolated().whenSuccess { self.owe(-1, channel) }
    context.write(data, promise: written)
  }

  /// One request more, or one less. What is refused before it has come whole is answered before it counts.
  private func owe(_ change: Int, _ channel: any Channel) {
    unanswered += change
    // Who takes nothing may ask for more: that is no use to anybody.
    if channel.isWritable { noteTurn(channel) }
  }

  private func noteTurn(_ channel: any Channel) {
    guard let number else { return }
    if !channel.isWritable {
      silent.stalls(number, channel)
    } else if unanswered > 0 {
      silent.speaks(number)
    } else {
      silent.rests(number, channel)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    writing?.cancel()
    writing = context.channel.isWritable ? nil : closing(context, in: limits.answer)
    noteTurn(context.channel)
    context.fireChannelWritabilityChanged()
  }

  private func closing(_ context: ChannelHandlerContext, in time: TimeAmount) -> Scheduled<Void> {
    let channel = context.channel
    return context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }

  private func begin(_ context: ChannelHandlerContext) {
    reading = closing(context, in: limits.first)
    if number == nil { number = silent.enter(context.channel) }
  }

  private func end() {
    if let number { silent.leave(number) }
    number = nil
    reading?.cancel()
    writing?.cancel()
    reading = nil
    writing = nil
  }
}

@available(*, unavailable)
extension ConnectionGuard: Sendable {}

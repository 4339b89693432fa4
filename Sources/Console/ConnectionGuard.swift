import NIOCore
import NIOHTTPTypes

/// The time limits of one connection, most of which the server library does not have: for the first request
/// to begin, for a request to come whole, and for an answer to be taken. Whoever is slower is closed, so that
/// a handful of slow ones cannot hold all places.
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
    /// From an answer to the next request. The library's.
    var idle = TimeAmount.seconds(30)
    /// Without a word, until one may be closed to make room: what somebody asks when he connects may not have
    /// been read yet.
    var silence = TimeAmount.milliseconds(100)
    /// The same for one who takes nothing: what is taken slowly may not be seen to move for a while.
    var deafness = TimeAmount.seconds(10)
  }

  private let limits: Limits
  private let silent: SilentConnections
  /// Among the connections of the server, from the moment it is open until it is closed.
  private var number: UInt64?
  /// Requests that have come whole, less the answers that have gone out whole.
  private var unanswered = 0
  /// Parts of answers that were written and that the kernel has not taken: the client takes none.
  private var untaken = 0
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
      reading = closing(context.channel, in: limits.request)
    case .body: break
    case .end:
      reading?.cancel()
      reading = nil
      // Who breaks off within a request has not asked. Who takes nothing may ask for more: that changes
      // nothing.
      unanswered += 1
      if untaken == 0 { noteMove(context.channel) }
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var isEnd = false
    if case .end = unwrapOutboundIn(data) { isEnd = true }
    let written = promise ?? context.eventLoop.makePromise()
    let channel = context.channel
    untaken += 1
    if untaken == 1 { noteMove(channel) }
    written.futureResult.assumeIsolated().whenSuccess {
      self.untaken -= 1
      if isEnd { self.unanswered -= 1 }
      self.noteMove(channel)
    }
    context.write(data, promise: written)
  }

  /// Something was asked, written or taken. What is refused before it has come whole is answered before it
  /// counts.
  private func noteMove(_ channel: any Channel) {
    writing?.cancel()
    writing = nil
    // What was written before the connection closed may be told of after it.
    guard let number else { return }
    if untaken > 0 {
      writing = closing(channel, in: limits.answer)
      silent.turns(.takesNothing, number, channel)
    } else if unanswered > 0 {
      silent.speaks(number, channel)
    } else {
      silent.turns(.hasAnswer, number, channel)
    }
  }

  private func closing(_ channel: any Channel, in time: TimeAmount) -> Scheduled<Void> {
    channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }

  private func begin(_ context: ChannelHandlerContext) {
    reading = closing(context.channel, in: limits.first)
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

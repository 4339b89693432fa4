import Hummingbird
import Model
import NIOCore

/// What a request brings besides itself: from where it came.
struct ConsoleContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Unspecified when the connection is gone already, and on a socket that has no addresses.
  let peer: IPAddress

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    // A link-local address carries its interface: fe80::1%eth0.
    let text = source.channel.remoteAddress?.ipAddress?.prefix { $0 != "%" }
    peer = text.flatMap { IPAddress(String($0)) } ?? .unspecified
  }
}

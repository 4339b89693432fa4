import Foundation
import Model

/// The running daemon's API, as the commands on its machine ask it: over its socket (`APISocket`), whose mode
/// says who may, so that no token is needed, and which is there whatever `http.listen` says.
struct VerbAPI: Sendable {
  /// Bytes of an answer that is taken whole: some thousand times what is expected.
  private static let answerLimit = 64 << 20
  /// Seconds without a byte after which the daemon is taken for stuck; a tap says something every five.
  private static let patience = 20

  private let paths: [String]
  private let directory: String

  init(stateDirectory: String) {
    directory = stateDirectory
    paths = APISocket.places(stateDirectory: stateDirectory)
  }

  private var path: String { paths[0] }

  /// The answer to a GET as JSON.
  func get(_ target: String) throws(DaemonFailure) -> Any {
    var body: [UInt8] = []
    try stream(target) { part in
      body += part
      return body.count <= VerbAPI.answerLimit
    }
    guard let value = try? JSONSerialization.jsonObject(with: Data(body)) else {
      throw DaemonFailure(.unavailable, "\(path) gave an answer that is no JSON")
    }
    return value
  }

  /// The lines of an endless answer, without their ends, until `take` returns false or the daemon ends it.
  func lines(_ target: String, _ take: (ArraySlice<UInt8>) -> Bool) throws(DaemonFailure) {
    var rest: [UInt8] = []
    try stream(target) { part in
      rest += part
      var start = 0
      while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
        if end > start, !take(rest[start..<end]) { return false }
        start = end + 1
      }
      rest.removeFirst(start)
      return true
    }
  }

  /// Hands on the body as it comes.
  private func stream(_ target: String, _ take: (ArraySlice<UInt8>) -> Bool) throws(DaemonFailure) {
    let socket = try connect()
    defer { close(socket) }
    let request = Array("GET \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    guard unsafe send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      throw DaemonFailure(.unavailable, "\(path) took no request")
    }
    var reader = VerbHTTPReader()
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe recv(socket, &chunk, chunk.count, 0)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN {
        throw DaemonFailure(.unavailable, "\(path) said nothing for \(VerbAPI.patience) s: is muttd stuck?")
      }
      if count <= 0 { break }
      let part = reader.take(chunk[..<count])
      if reader.status == 200 || reader.status == 0 {
        if !part.isEmpty, !take(part[...]) { return }
      }
      if reader.isDone { break }
    }
    if reader.status == 200 { return }
    if reader.status == 0 {
      throw DaemonFailure(.unavailable, "\(path) gave no answer: muttd stopped meanwhile")
    }
    let problem = (try? JSONSerialization.jsonObject(with: Data(reader.refusal))) as? [String: Any]
    let detail = problem?["detail"] as? String ?? "status \(reader.status)"
    throw DaemonFailure(reader.status == 400 ? .usage : .unavailable, detail)
  }

  private func connect() throws(DaemonFailure) -> Int32 {
    var refused = false
    for path in paths {
      var address = try VerbAPI.address(path)
      let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      guard descriptor >= 0 else {
        throw DaemonFailure(.unavailable, "no socket can be made: errno \(errno)")
      }
      let result = unsafe withUnsafePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if result == 0 {
        var patience = timeval(tv_sec: VerbAPI.patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe _ = setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        unsafe _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        return descriptor
      }
      let number = errno
      close(descriptor)
      refused = refused || number == EACCES || number == EPERM
    }
    if refused {
      throw DaemonFailure(
        .permission,
        "\(path) may not be opened by this user: run this as root, the daemon's user or one of its group")
    }
    throw DaemonFailure(
      .unavailable,
      "no muttd runs on \(directory): start it (systemctl start muttd, muttd run), or name its --config; "
        + "where state_directory was changed, restart it")
  }

  private static func address(_ path: String) throws(DaemonFailure) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count <= APISocket.longestPath else {
      throw DaemonFailure(.unavailable, "\(path) is too long for a socket: shorten state_directory")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return address
  }
}

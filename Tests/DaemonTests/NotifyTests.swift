import Foundation
import Intake
import Testing

@testable import Daemon

/// What systemd does: a datagram socket in the file system or the abstract namespace.
private final class NotifySocket {
  let descriptor: Int32
  let name: String

  init(abstract: Bool) throws {
    let unique = "muttd-\(UUID().uuidString)"
    name = abstract ? "@\(unique)" : FileManager.default.temporaryDirectory.appending(path: unique).path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(name.utf8)
    if abstract { bytes[0] = 0 }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (abstract ? 0 : 1))
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
    }
    try #require(result == 0)
  }

  func receive() -> String {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = unsafe recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
  }

  deinit {
    close(descriptor)
    if !name.hasPrefix("@") { unsafe unlink(name) }
  }
}

@Suite struct NotifyTests {
  @Test(arguments: [false, true]) func everyStateIsTold(abstract: Bool) throws {
    let socket = try NotifySocket(abstract: abstract)
    let notify = Notify(environment: ["NOTIFY_SOCKET": socket.name])
    #expect(notify.isActive)
    notify.ready("12 rules\nsecond line")
    #expect(socket.receive() == "READY=1\nSTATUS=12 rules")
    notify.status("busy")
    #expect(socket.receive() == "STATUS=busy")
    notify.watchdog()
    #expect(socket.receive() == "WATCHDOG=1")
    notify.stopping()
    #expect(socket.receive() == "STOPPING=1")
    let before = SystemClock.monotonic
    notify.reloading("again")
    let fields = socket.receive().split(separator: "\n")
    #expect(fields.count == 3)
    #expect(fields.first == "RELOADING=1")
    #expect(fields.last == "STATUS=again")
    let stamp = try #require(Int64(fields[1].dropFirst("MONOTONIC_USEC=".count)))
    #expect(stamp >= before / 1_000)
  }

  @Test func withoutASystemdNothingHappens() {
    for path in [
      nil, "", "vsock:2:1234", "relative", "/nonexistent/socket", "/" + String(repeating: "x", count: 200),
    ] {
      let notify = Notify(environment: path.map { ["NOTIFY_SOCKET": $0] } ?? [:])
      notify.ready()
      #expect(notify.watchdogInterval == nil)
    }
    #expect(Notify(environment: ["NOTIFY_SOCKET": "vsock:2:1234"]).isActive == false)
  }

  @Test(
    arguments: [
      ("30000000", nil, 15_000), ("30000000", "77", 15_000), ("30000000", "78", nil), ("0", nil, nil),
      ("x", nil, nil),
      (nil, nil, nil),
    ] as [(String?, String?, Int?)])
  func theWatchdogIsAskedTwiceAsOften(microseconds: String?, process: String?, milliseconds: Int?) {
    var environment: [String: String] = [:]
    environment["WATCHDOG_USEC"] = microseconds
    environment["WATCHDOG_PID"] = process
    let notify = Notify(environment: environment, processID: 77)
    #expect(notify.watchdogInterval == milliseconds.map { .milliseconds($0) })
  }
}

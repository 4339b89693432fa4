import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What systemd does with `muttd.socket`, done by hand: somebody else binds, and hands over; and whatever
/// happens to the daemon, the sockets stay.
@Suite struct SocketHandoverTests {
  /// Binds what its arguments name (`udp:PORT`, `tcp:PORT`) and runs the command behind `--` with them, again
  /// and again, until it is told to stop (SIGTERM) or the command ends with 78.
  private static let manager = """
    import os, signal, socket, sys
    split = sys.argv.index('--')
    bound = []
    for word in sys.argv[1:split]:
        kind, port = word.split(':')
        one = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(('127.0.0.1', int(port)))
        if kind == 'tcp': one.listen(64)
        bound.append(one)
    child = 0
    def stop(number, frame):
        os.kill(child, signal.SIGKILL)
        os._exit(0)
    signal.signal(signal.SIGTERM, stop)
    while True:
        child = os.fork()
        if child == 0:
            # First out of the way, then to where they belong.
            high = [os.dup2(one.fileno(), 100 + i) for i, one in enumerate(bound)]
            for i, fd in enumerate(high): os.dup2(fd, 3 + i)
            os.closerange(3 + len(bound), 200)
            os.environ['LISTEN_PID'] = str(os.getpid())
            os.environ['LISTEN_FDS'] = str(len(bound))
            os.environ['LISTEN_FDNAMES'] = ':'.join(['muttd.socket'] * len(bound))
            # It ends with its manager, however that ends.
            os.execvp('setpriv', ['setpriv', '--pdeathsig', 'KILL', '--'] + sys.argv[split + 1:])
        print(child, flush=True)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print('ended', status, flush=True)
        if status == 78: sys.exit(78)
    """

  private func manage(_ place: DaemonPlace, _ sockets: [String]) async throws -> Child {
    let script = try place.workspace.write(Self.manager, to: "manager.py")
    return try await Child(
      "python3", [script] + sockets + ["--", Binary.path, "run", "--config", place.configFile],
      in: place.workspace.path, outputFile: place.workspace.file("manager.out"),
      errorFile: place.workspace.file("manager.err"))
  }

  /// The process ids of the daemons that were started so far.
  private func started(_ manager: Child) -> [pid_t] {
    manager.output.split(separator: "\n").compactMap { pid_t($0) }
  }

  /// A signal returns before it has reached everyone.
  private func hasStopped(_ pid: pid_t) -> Bool {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
    return !tasks.isEmpty
      && tasks.allSatisfy { text(of: "/proc/\(pid)/task/\($0)/stat").contains(") T ") }
  }

  private func isReady(_ place: DaemonPlace) async throws -> Bool {
    try await HTTPAnswer.get("/readyz", port: place.httpPort)?.status == 200
  }

  /// One daemon after another reads the same sockets: what is sent while none runs waits for the next.
  @Test func nothingIsLostWhileTheDaemonIsReplaced() async throws {
    try await Workspace.with("handover") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings())
      let streams = try FreePort.stream()
      let config = text(of: place.configFile).replacing(
        "'udp://127.0.0.1:\(place.syslogPort)'",
        with: "'udp://127.0.0.1:\(place.syslogPort)', 'tcp://127.0.0.1:\(streams)'")
      try workspace.write(config, to: "muttd.yaml")
      let manager = try await manage(
        place, ["udp:\(place.syslogPort)", "tcp:\(streams)", "udp:\(place.trapPort)"])
      do {
        try await exchange(place, streams, manager)
        await manager.destroy()
      } catch {
        await manager.destroy()
        throw HarnessError("\(error)\n\(manager.errors.suffix(4_000))")
      }
    }
  }

  private func exchange(_ place: DaemonPlace, _ streams: Int, _ manager: Child) async throws {
    let udp = try LoopbackSocket(.datagram)
    try udp.connect(port: place.syslogPort)
    var sent = 0
    func send(_ count: Int) {
      for _ in 0..<count {
        sent += 1
        _ = udp.sendAll(Array("<13>Nov 21 13:00:00 h1 app: number \(sent)".utf8))
      }
    }
    // Before the first daemon reads: the socket is there as soon as somebody has bound it.
    try await eventually("somebody binds") { self.started(manager).count == 1 }
    send(50)
    for life in 1...3 {
      try await eventually("daemon \(life) is ready") { try await self.isReady(place) }
      send(100)
      let pid = try #require(started(manager).last)
      // The last one is stopped hard, with nothing unread in its memory: it does not run when it is sent to.
      if life == 3 {
        try await eventually("all is written") { try await self.rows(place) == sent }
        _ = kill(pid, SIGSTOP)
        try await eventually("every thread of it has stopped") { self.hasStopped(pid) }
        send(100)
        _ = kill(pid, SIGKILL)
      } else {
        _ = kill(pid, SIGTERM)
        send(100)
      }
      try await eventually("daemon \(life + 1) is started") { self.started(manager).count == life + 1 }
      send(100)
    }
    let client = try LoopbackSocket(.stream)
    try client.connect(port: streams)
    #expect(client.sendAll(Array("<13>Nov 21 13:00:00 h1 app: by tcp\n".utf8)))
    try await eventually("every row is there") { try await self.rows(place) == sent + 1 }
    #expect(try await rows(place, distinct: true) == sent + 1)
    let log = manager.errors
    #expect(log.contains("\"handed_over\":\"muttd.socket\""))
    // Each of them took the three sockets, and bound none.
    #expect(log.split(separator: "\n").count { $0.contains("\"handed_over\"") } >= 3 * 4)
    #expect(manager.output.split(separator: "\n").filter { $0 == "ended 0" }.count == 2)
  }

  private func rows(_ place: DaemonPlace, distinct: Bool = false) async throws -> Int {
    guard FileManager.default.fileExists(atPath: place.auditDatabase) else { return 0 }
    let what = distinct ? "DISTINCT raw_message" : "*"
    let rows = try await place.auditColumn("SELECT count(\(what)) FROM event_audit_log")
    return rows.first.flatMap { Int($0) } ?? 0
  }

  /// Closed here alone it would stay open there, and fill up in silence.
  @Test func aReloadDropsNoSocketThatItsManagerHolds() async throws {
    try await Workspace.with("handover-reload") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings())
      let second = try FreePort.datagram()
      let one = text(of: place.configFile)
      let first = "'udp://127.0.0.1:\(place.syslogPort)'"
      let both = one.replacing(first, with: "\(first), 'udp://127.0.0.1:\(second)'")
      try workspace.write(both, to: "muttd.yaml")
      let manager = try await manage(
        place, ["udp:\(place.syslogPort)", "udp:\(second)", "udp:\(place.trapPort)"])
      do {
        try await eventually("the daemon is ready") { try await self.isReady(place) }
        try workspace.write(one, to: "muttd.yaml")
        let refused = try await place.muttd("reload")
        #expect(refused.ending == .code(78), "\(refused)")
        #expect(refused.errors.contains("listen: udp 127.0.0.1:\(second) is a socket of muttd.socket"))
        #expect(refused.errors.contains("then restart"))
        // It is read as before.
        let udp = try LoopbackSocket(.datagram)
        try udp.connect(port: second)
        _ = udp.sendAll(Array("<13>Nov 21 13:00:00 h1 app: still heard".utf8))
        try await eventually("it is in the audit") { try await self.rows(place) == 1 }
        // One that the daemon has bound itself comes and goes.
        let own = try FreePort.datagram()
        try workspace.write(
          both.replacing(first, with: "\(first), 'udp://127.0.0.1:\(own)'"), to: "muttd.yaml")
        #expect(try await place.muttd("reload").ending == .code(0))
        try workspace.write(both, to: "muttd.yaml")
        #expect(try await place.muttd("reload").ending == .code(0))
        await manager.destroy()
      } catch {
        await manager.destroy()
        throw HarnessError("\(error)\n\(manager.errors.suffix(4_000))")
      }
    }
  }

  /// A socket that nobody reads would fill up in silence: the start says which one, and what to do.
  @Test func aSocketThatNoListenerReadsEndsTheStart() async throws {
    try await Workspace.with("handover-surplus") { workspace in
      let place = try DaemonPlace(workspace, DaemonSettings())
      let surplus = try FreePort.stream()
      let manager = try await manage(
        place, ["udp:\(place.syslogPort)", "udp:\(place.trapPort)", "tcp:\(surplus)"])
      let ending = try await manager.wait(within: .seconds(60))
      #expect(ending == .code(78))
      #expect(manager.errors.contains("tcp 127.0.0.1:\(surplus) (muttd.socket), which no listener reads"))
    }
  }
}

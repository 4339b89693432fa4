import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// A disk that fills up: the audit gives way first, alerts go on without any room at all, and what was not
/// written is written later or said.
@Suite(.serialized) struct SmallDiskTests {
  /// A receiver that can be switched off, and the daemon on its small disk.
  private struct Stage {
    let disk: SmallDisk
    let place: DaemonPlace
    let receiver: WebhookReceiver
    let isDown: Switch

    var numbers: Set<Int> { receiver.numbers }

    func send(_ numbers: Range<Int>) async throws {
      try await UDPSender(port: place.syslogPort).send(numbers, rate: 2_000)
    }

    func count(_ database: String, _ query: String) async throws -> Int {
      Int(try await disk.column(database, query, in: place.workspace).first ?? "") ?? -1
    }
  }

  private final class Switch: Sendable {
    private let state = Atomic<Bool>(false)
    var isOn: Bool { state.load(ordering: .relaxed) }
    func set(_ isOn: Bool) { state.store(isOn, ordering: .relaxed) }
  }

  private func stage(
    _ name: String, _ kind: SmallDisk.Kind, mebibytes: Int, outbox: String,
    _ body: (Stage) async throws -> Void
  ) async throws {
    let isDown = Switch()
    let receiver = try WebhookReceiver { request, _ in
      isDown.isOn ? .status(503) : .status(200)
    }
    defer { receiver.stop() }
    try await Workspace.with(name) { workspace in
      var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
      settings.auditEvents = "matched"
      settings.extra = "outbox: {\(outbox)}\n"
      var place = try DaemonPlace(workspace, settings)
      // The file system takes some of it for itself.
      let room = kind == .ext4 ? mebibytes + 8 : mebibytes
      let disk = try await SmallDisk(kind, at: place.state, mebibytes: room, in: workspace)
      defer { disk.remove() }
      place.prefix = disk.prefix
      try await body(Stage(disk: disk, place: place, receiver: receiver, isDown: isDown))
    }
  }

  /// More than the room that the files on a full disk still have in themselves.
  private static let many = 3_000

  /// The disk is full, the receiver is down, and there is more than fits.
  private func overfill(_ stage: Stage, _ daemon: DaemonProcess, many: Int = many) async throws {
    try await stage.send(0..<20)
    try await eventually("the first are delivered") { stage.numbers.count == 20 }
    stage.isDown.set(true)
    try stage.disk.fill()
    try await stage.send(20..<many)
    try await eventually("the disk is full, and it is said") { daemon.log.contains("the disk is full") }
    try await eventually("all of it is taken") {
      let metrics = try await daemon.scrape()
      #expect(metrics.imbalances == [])
      return metrics.sum("mutt_deliveries_created_total") + metrics.kernelDropped >= many
    }
    try await eventually("it is unwritable") {
      let problems = try await daemon.readiness()?.body["problems"].items ?? []
      return problems.contains { $0["check"] == "outbox" && $0["state"] == "unwritable" }
    }
  }

  @Test(
    .enabled(if: SmallDisk.isPossible, "mounting a small file system takes root"),
    arguments: SmallDisk.Kind.here)
  func alertsGoOnWithoutAnyRoom(on kind: SmallDisk.Kind) async throws {
    try await stage("full", kind, mebibytes: 48, outbox: "reserve: 0B") { stage in
      let daemon = try await stage.place.start()
      try await overfill(stage, daemon)
      let dropped = try await daemon.scrape().kernelDropped
      stage.isDown.set(false)
      // Those that are stored and those that are not, and the disk is still full.
      try await eventually("all are delivered from a full disk", within: .seconds(120)) {
        stage.numbers.count + dropped >= Self.many
      }
      stage.disk.empty()
      try await eventually("everything is written down", within: .seconds(120)) {
        let metrics = try await daemon.scrape()
        #expect(metrics.imbalances == [])
        return try await daemon.readiness()?.status == 200 && metrics.pending == 0
          && metrics.auditPending == 0
      }
      let rows = "SELECT count(*) FROM event_audit_log"
      try await eventually("the audit says that all were sent") {
        try await stage.count(stage.place.auditDatabase, rows + " WHERE forwarded_to_moog") + dropped
          >= Self.many
      }
      #expect(try await stage.count(stage.place.auditDatabase, rows) == stage.numbers.count)
      #expect(try await daemon.scrape().sum("mutt_deliveries_total", "outcome=\"lost\"") == 0)
      #expect(try await daemon.stop() == .code(0))
      #expect(daemon.accounting?.imbalances == [])
    }
  }

  @Test(
    .enabled(if: SmallDisk.isPossible, "mounting a small file system takes root"),
    arguments: SmallDisk.Kind.here)
  func whatIsInMemoryMovesToTheOutboxWhenThereIsRoom(on kind: SmallDisk.Kind) async throws {
    try await stage("moves", kind, mebibytes: 48, outbox: "reserve: 0B") { stage in
      let daemon = try await stage.place.start()
      try await overfill(stage, daemon)
      let created = try await daemon.scrape().sum("mutt_deliveries_created_total")
      stage.disk.empty()
      // What is under way at the moment moves when it has ended.
      try await eventually("all of it stands in the outbox", within: .seconds(120)) {
        try await stage.count(stage.place.outboxDatabase, "SELECT count(*) FROM deliveries") == created - 20
      }
      await daemon.kill()
      stage.isDown.set(false)
      let next = try await stage.place.start()
      try await eventually("all are delivered after the kill", within: .seconds(120)) {
        stage.numbers.count == created
      }
      #expect(try await next.stop() == .code(0))
      #expect(next.accounting?.imbalances == [])
    }
  }

  @Test(
    .enabled(if: SmallDisk.isPossible, "mounting a small file system takes root"),
    arguments: SmallDisk.Kind.here)
  func whatAStopLosesIsLoggedInFull(on kind: SmallDisk.Kind) async throws {
    try await stage("lost", kind, mebibytes: 48, outbox: "reserve: 0B") { stage in
      let daemon = try await stage.place.start()
      // Each takes a line in a stop that has its time.
      try await overfill(stage, daemon, many: 1_800)
      #expect(try await daemon.stop() == .code(0))
      let accounting = try #require(daemon.accounting)
      #expect(accounting.imbalances == [])
      #expect(accounting["lost"] > 0)
      let lines = daemon.logLines.filter { $0["msg"].string?.hasPrefix("alert lost") == true }
      #expect(lines.count == accounting["lost"])
      let bodies = lines.compactMap { JSON($0["body"].string ?? "") }
      #expect(bodies.count == lines.count)
      let found = Set(
        bodies.compactMap { NumberedMessage.number(in: Array(($0["description"].string ?? "").utf8)) })
      #expect(found.count == lines.count, "each is said once")
    }
  }

  @Test(
    .enabled(if: SmallDisk.isPossible, "mounting a small file system takes root"),
    arguments: SmallDisk.Kind.here)
  func theAuditGivesWayFirst(on kind: SmallDisk.Kind) async throws {
    try await stage("reserve", kind, mebibytes: 64, outbox: "reserve: 32MiB") { stage in
      let daemon = try await stage.place.start()
      let rows = "SELECT count(*) FROM event_audit_log"
      let spooled = "SELECT coalesce(sum(count), 0) FROM spool"
      try stage.disk.fill(leaving: 24 << 20)
      try await Task.sleep(for: .milliseconds(1_500))
      try await stage.send(0..<100)
      try await eventually("alerts go on in the reserve") { stage.numbers.count == 100 }
      try await eventually("their rows wait in the spool") {
        try await stage.count(stage.place.outboxDatabase, spooled) == 100
      }
      #expect(try await stage.count(stage.place.auditDatabase, rows) == 0)
      try await eventually("the disk is low") {
        let problems = try await daemon.readiness()?.body["problems"].items ?? []
        return problems.contains { $0["check"] == "disk" && $0["state"] == "low" }
      }
      // The lower half of the reserve is for alerts alone.
      try stage.disk.fill(leaving: 8 << 20)
      try await Task.sleep(for: .milliseconds(1_500))
      try await stage.send(100..<200)
      try await eventually("alerts go on at its bottom") { stage.numbers.count == 200 }
      #expect(try await stage.count(stage.place.outboxDatabase, spooled) == 100)
      stage.disk.empty()
      try await eventually("the audit catches up") {
        try await stage.count(stage.place.auditDatabase, rows + " WHERE forwarded_to_moog") == 200
      }
      #expect(try await daemon.scrape().imbalances == [])
      #expect(try await daemon.stop() == .code(0))
    }
  }

  /// So that a machine on which the others had memory alone says so.
  @Test(
    .enabled(
      if: SmallDisk.hasExt4, "a small ext4 takes root, loop devices, mkfs.ext4 and a kernel that has it"))
  func aFileSystemOnADiskIsAmongThem() async throws {
    try await Workspace.with("ext4") { workspace in
      let directory = try workspace.makeDirectory("state")
      let disk = try await SmallDisk(.ext4, at: directory, mebibytes: 16, in: workspace)
      let seen = try await Tool.succeed(
        disk.prefix[0], disk.prefix.dropFirst() + ["stat", "--file-system", "--format=%T", directory],
        in: workspace)
      #expect(seen.hasPrefix("ext"))
      #expect(SmallDisk.Kind.here == [.tmpfs, .ext4])
      disk.remove()
      try await eventually("nothing is left behind") {
        !text(of: "/proc/mounts").contains(directory)
          && ((try? FileManager.default.contentsOfDirectory(atPath: "/sys/block")) ?? []).allSatisfy {
            !text(of: "/sys/block/\($0)/loop/backing_file").contains(workspace.path)
          }
      }
    }
  }

  /// In the lower half of the reserve rows are not spooled, and with less than all of it the store gets none.
  @Test(
    .enabled(if: SmallDisk.isPossible, "mounting a small file system takes root"),
    arguments: SmallDisk.Kind.here)
  func anInformWaitsUntilItsRowHasRoom(on kind: SmallDisk.Kind) async throws {
    try await stage("informs", kind, mebibytes: 64, outbox: "reserve: 32MiB") { stage in
      let daemon = try await stage.place.start()
      let socket = try LoopbackSocket(.datagram)
      try socket.connect(port: stage.place.trapPort)
      socket.limitReads(seconds: 1)
      var inform = BER.v2c(trap: BER.linkDown)
      inform[try #require(inform.firstIndex(of: 0xa7))] = 0xa6
      try stage.disk.fill(leaving: 8 << 20)
      try await Task.sleep(for: .milliseconds(1_500))
      for _ in 0..<3 {
        socket.send(inform)
        #expect(socket.receive().isEmpty)
      }
      #expect(try await daemon.scrape().received == 1)
      stage.disk.empty()
      try await eventually("it is acknowledged") { !socket.receive().isEmpty }
      let rows = "SELECT count(*) FROM event_audit_log"
      #expect(try await stage.count(stage.place.auditDatabase, rows) == 1)
      socket.send(inform)
      try await eventually("and when it is sent again") { !socket.receive().isEmpty }
      #expect(try await stage.count(stage.place.auditDatabase, rows) == 1)
      #expect(try await daemon.scrape().imbalances == [])
      #expect(try await daemon.stop() == .code(0))
    }
  }

  @Test func aLargeOutboxIsSaid() async throws {
    let isDown = Switch()
    isDown.set(true)
    let receiver = try WebhookReceiver { _, _ in .status(isDown.isOn ? 503 : 200) }
    defer { receiver.stop() }
    var settings = DaemonSettings(rules: SampleRules.yaml, destinations: [("moog", receiver.url)])
    settings.extra = "outbox: {warn_size: 1MiB}\n"
    try await withDaemon("large", settings) { daemon in
      func isSaid() async throws -> Bool {
        let problems = try await daemon.readiness()?.body["problems"].items ?? []
        return problems.contains { $0["check"] == "outbox" && $0["state"] == "large" }
      }
      #expect(try await !isSaid())
      try await UDPSender(port: daemon.place.syslogPort).send(0..<800, rate: 2_000)
      try await eventually("it is large") { try await isSaid() }
      try await eventually("the log says so") { daemon.log.contains("more than outbox.warn_size") }
      isDown.set(false)
      try await eventually("it is no longer large") { try await !isSaid() }
    }
  }
}

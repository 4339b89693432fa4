import Foundation
import Intake
import Model
import Synchronization

/// The demo's daemon and the web hook it sends alerts to: its own executable as a child, its files in a
/// temporary directory, its ports free ones of loopback. Nothing of it outlives `clear`.
final class VerbDemoStage: @unchecked Sendable {
  let directory: String
  let configFile: String
  let rulesFile: String
  private(set) var config = Config()
  /// Addresses that the daemon's log names.
  private(set) var syslog = ""
  private(set) var traps = ""

  private let process = Process()
  private let condition = WaitCondition()
  private var hook: VerbDemoHook?
  // Guarded by `condition`.
  private var logLines: [[String: Any]] = []
  private var logText = ""
  private var alerts: [[String: Any]] = []
  private var isInterrupted = false
  private var signals: [any DispatchSourceSignal] = []

  /// The one that plays, for an end that comes from elsewhere: who reads the screen goes away (`| head`).
  private static let playing = Mutex<VerbDemoStage?>(nil)

  /// What a service manager sets for the service that it runs.
  private static let ofServices: Set<String> = [
    "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "RUNTIME_DIRECTORY", "STATE_DIRECTORY",
  ]

  private static var temporary: String {
    let path = NSTemporaryDirectory()
    return path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  init() throws(DaemonFailure) {
    var template = Array((VerbDemoStage.temporary + "/muttd-demo-XXXXXX").utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    guard made else {
      let reason = unsafe String(cString: strerror(errno))
      throw DaemonFailure(.io, "\(VerbDemoStage.temporary) takes no temporary directory: \(reason)")
    }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    configFile = directory + "/muttd.yaml"
    rulesFile = directory + "/rules.yaml"
    VerbDemoStage.playing.withLock { $0 = self }
    atexit { VerbDemoStage.playing.withLock { $0 }?.clear() }
  }

  private var yaml: String {
    """
    state_directory: \(directory)
    listen: {syslog: ['udp://127.0.0.1:0'], snmp: ['udp://127.0.0.1:0'], receive_buffer: 1MiB}
    rules: {file: rules.yaml}
    audit: {events: all, flush: 10ms}
    destinations:
      - name: hook
        url: '\(hook?.url ?? "stdout:")'
        retry: {initial: 200ms, max: 500ms}
        breaker: {failures: 3, open: 500ms, close: 1}
    http: {listen: '127.0.0.1:0'}
    log: {level: info, format: json}

    """
  }

  /// Writes the files, starts the daemon and waits until it decides.
  func open() throws(DaemonFailure) {
    let hook = VerbDemoHook { [weak self] body in
      guard let alert = VerbDemoStage.object(String(decoding: body, as: UTF8.self)) else { return }
      self?.signal { [weak self] in self?.alerts.append(alert) }
    }
    try hook.open()
    self.hook = hook
    do {
      try yaml.write(toFile: configFile, atomically: false, encoding: .utf8)
      try VerbDemoStory.rules.write(toFile: rulesFile, atomically: false, encoding: .utf8)
    } catch {
      throw DaemonFailure(.io, "\(directory) cannot be written: \(error.localizedDescription)")
    }
    let (config, problems) = Config.load(path: configFile)
    guard let config else {
      throw DaemonFailure(.configuration, problems.map { "\($0)" }.joined(separator: "\n"))
    }
    self.config = config
    watchSignals()
    try start()
    guard wait(seconds: 60, until: { self.isOpen }) else {
      throw DaemonFailure(.unavailable, "the daemon did not start; its log:\n\(log)")
    }
  }

  private func start() throws(DaemonFailure) {
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["run", "--config", configFile]
    // What is set for the daemon of this machine is not meant for this one.
    process.environment = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("MUTT_") && !VerbDemoStage.ofServices.contains($0.key)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    process.terminationHandler = { [weak self] _ in self?.signal {} }
    do {
      try process.run()
    } catch {
      throw DaemonFailure(.unavailable, "muttd cannot start itself: \(error.localizedDescription)")
    }
    read(errors.fileHandleForReading) { stage, line in
      stage.logText += line + "\n"
      if let object = VerbDemoStage.object(line) { stage.noteLog(object) }
    }
  }

  /// Hands over whole lines with the gate held.
  private func read(_ handle: FileHandle, _ take: @escaping @Sendable (VerbDemoStage, String) -> Void) {
    let thread = Thread { [weak self] in
      var rest: [UInt8] = []
      while true {
        let data = handle.availableData
        if data.isEmpty { return }
        rest += data
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          let line = String(decoding: rest[..<end], as: UTF8.self)
          rest.removeSubrange(...end)
          self?.signal { [weak self] in if let self { take(self, line) } }
        }
      }
    }
    thread.start()
  }

  private func signal(_ body: () -> Void) {
    condition.lock()
    body()
    condition.broadcast()
    condition.unlock()
  }

  private static func object(_ line: String) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
  }

  private func noteLog(_ object: [String: Any]) {
    logLines.append(object)
    guard object["msg"] as? String == "listening" else { return }
    let name = object["listener"] as? String ?? object["name"] as? String ?? ""
    let address = String(name.split(separator: "-").last ?? "")
    if name.hasPrefix("syslog-") { syslog = address }
    if name.hasPrefix("snmp-") { traps = address }
  }

  private var isOpen: Bool {
    !syslog.isEmpty && !traps.isEmpty && logLines.contains { $0["msg"] as? String == "rules loaded" }
  }

  /// Somebody pressed Ctrl-C.
  var wasInterrupted: Bool {
    condition.lock()
    defer { condition.unlock() }
    return isInterrupted
  }

  var log: String {
    condition.lock()
    defer { condition.unlock() }
    return logText
  }

  /// False when the time is up, the daemon has ended or somebody pressed Ctrl-C; the gate is held in `holds`.
  private func wait(seconds: Double, until holds: () -> Bool) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    let end = SystemClock.monotonic + Int64(seconds * 1e9)
    while !holds() {
      if !process.isRunning || isInterrupted { return holds() }
      let left = end - SystemClock.monotonic
      if left <= 0 { return holds() }
      _ = condition.wait(seconds: Double(left) / 1e9)
    }
    return true
  }

  // MARK: - The web hook

  /// It is gone: whoever connects is refused.
  func closeHook() { hook?.close() }

  /// It is back, on the same port.
  func openHook() throws(DaemonFailure) { try hook?.open() }

  /// How the daemon says the web hook is doing; nil when that did not become `state` with `pending` alerts
  /// waiting in half a minute.
  func destination(is state: String, pending: Int) -> [String: Any]? {
    let end = SystemClock.monotonic + 30_000_000_000
    let api = VerbAPI(stateDirectory: config.stateDirectory)
    while SystemClock.monotonic < end, process.isRunning, !wasInterrupted {
      if let status = try? api.get("/api/v1/status") as? [String: Any],
        let hook = (status["destinations"] as? [[String: Any]])?.first,
        hook["state"] as? String == state, hook["pending"] as? Int == pending
      {
        return hook
      }
      DaemonThread.pause(milliseconds: 20)
    }
    return nil
  }

  /// What reached the web hook: alerts, and how many came more than once.
  var taken: (alerts: Int, repeated: Int) {
    condition.lock()
    defer { condition.unlock() }
    let counts = Dictionary(grouping: alerts) { $0["external_id"] as? String }.mapValues(\.count)
    return (counts.count, counts.values.count { $0 > 1 })
  }

  /// The alert of an event, once it has reached the web hook.
  func alert(of id: EventID, within seconds: Double) -> [String: Any]? {
    func find() -> [String: Any]? { alerts.first { $0["external_id"] as? String == "\(id.rawValue)" } }
    _ = wait(seconds: seconds) { find() != nil }
    condition.lock()
    defer { condition.unlock() }
    return find()
  }

  // MARK: - The end

  private func watchSignals() {
    for number in [SIGINT, SIGTERM] {
      Foundation.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { [weak self] in self?.signal { [weak self] in self?.isInterrupted = true } }
      source.resume()
      signals.append(source)
    }
  }

  /// Until Ctrl-C or the daemon's end; tells further alerts.
  func waitForInterrupt(_ tell: ([String: Any]) -> Void) {
    condition.lock()
    var told = alerts.count
    condition.unlock()
    while true {
      let seen = told
      let moved = wait(seconds: 3_600) { self.alerts.count > seen }
      condition.lock()
      let fresh = Array(alerts[told...])
      told = alerts.count
      let ends = isInterrupted || !process.isRunning
      condition.unlock()
      for alert in fresh { tell(alert) }
      if ends || !moved && !process.isRunning { return }
    }
  }

  /// Stops the daemon as systemd would and gives its accounting line.
  func close() throws(DaemonFailure) -> [String: Any] {
    process.terminate()
    process.waitUntilExit()
    var line: [String: Any]?
    let end = SystemClock.monotonic + 10_000_000_000
    // The last line may still be in the pipe.
    while line == nil, SystemClock.monotonic < end {
      condition.lock()
      line = logLines.last { $0["audit_set_aside"] != nil }
      condition.unlock()
      if line == nil { DaemonThread.pause(milliseconds: 5) }
    }
    guard let line else {
      throw DaemonFailure(.unavailable, "the daemon ended without its accounting line; its log:\n\(log)")
    }
    return line
  }

  func clear() {
    VerbDemoStage.playing.withLock { $0 = nil }
    hook?.close()
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(atPath: directory)
  }
}

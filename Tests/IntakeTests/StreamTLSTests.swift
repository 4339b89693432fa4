import Foundation
import Intake
import Model
import Synchronization
import Testing

/// RFC 5425: syslog over TLS, with certificates made for the test.
@Suite struct StreamTLSTests {
  /// A folder of certificates that goes with its owner.
  private final class Certificates {
    let folder: String

    init() throws {
      folder = NSTemporaryDirectory() + "muttd-tls-\(UUID().uuidString.prefix(8).lowercased())"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tls/make-certificates")
      let tool = try Process.run(URL(filePath: "/bin/sh"), arguments: [script.path, folder])
      tool.waitUntilExit()
      #expect(tool.terminationStatus == 0, "openssl made no certificates")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func files(_ name: String?, key: String? = nil, authorities: String? = nil) -> TLSFiles {
      TLSFiles(
        certificate: name.map { "\(folder)/\($0).pem" }, key: (key ?? name).map { "\(folder)/\($0).key" },
        authorities: authorities.map { "\(folder)/\($0).pem" })
    }
  }

  /// Keeps a client's connection open.
  private final class Gate: Sendable { let isOpen = Atomic<Bool>(false) }

  /// A client on a thread of its own: it shakes hands while the test reads.
  private func client(
    _ address: ListenAddress, _ context: TLSContext, _ chunks: [[UInt8]], gate: Gate? = nil
  ) -> StreamSending {
    StreamSending { () throws(IntakeError) in
      let sender = try StreamSender(to: address, tls: context)
      for chunk in chunks { try sender.send(chunk) }
      while let gate, !gate.isOpen.load(ordering: .relaxed) { Thread.sleep(forTimeInterval: 0.01) }
      // Behind a gate the other side has ended the connection.
      if gate == nil { try sender.finish() }
    }
  }

  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test func framesComeThrough() throws {
    let certificates = try Certificates()
    let bench = try StreamBench {
      $0.tls = try TLSIdentity(certificates.files("server"))
      $0.kept = 40_000
      $0.maxFrame = 65_536
    }
    let context = try TLSContext(.client, certificates.files(nil, authorities: "ca"))
    // More than one record, and messages across their borders.
    let messages = (0..<3_000).map { "<13>message \($0) " + String(repeating: "x", count: $0 % 90) }
    let stream = messages.map { "\($0.utf8.count) \($0)" }.joined()
    let sending = client(bench.source.address, context, [Self.bytes(stream)])
    let frames = try bench.turns("all messages") {
      $0.count == messages.count && bench.counts.open == 0 && sending.isDone
    }
    #expect(frames == messages)
    #expect(sending.error == nil)
    #expect(bench.counts.closed[ClosingReason.peer.rawValue] == 1)
    #expect(bench.notices.isEmpty)
  }

  @Test func aLineThatWasBegunIsAMessageAtTheStop() throws {
    let certificates = try Certificates()
    let bench = try StreamBench { $0.tls = try TLSIdentity(certificates.files("server")) }
    let context = try TLSContext(.client, certificates.files(nil, authorities: "ca"))
    let gate = Gate()
    let sending = client(bench.source.address, context, [Self.bytes("<13>a\n<13>half a line")], gate: gate)
    let frames = try bench.turns("the whole one") { $0.count == 1 }
    #expect(frames == ["<13>a"])
    bench.source.refuse()
    bench.source.finish(into: &bench.slab)
    #expect(bench.slab.count == 1)
    #expect(unsafe String(decoding: bench.slab.bytes(0), as: UTF8.self) == "<13>half a line")
    bench.source.finish(into: &bench.slab)
    #expect(bench.slab.count == 0 && bench.counts.open == 0)
    gate.isOpen.store(true, ordering: .relaxed)
    _ = try bench.turns("the client's end") { _ in sending.isDone }
  }

  @Test func aProbeIsNoFailedHandshake() throws {
    let certificates = try Certificates()
    let bench = try StreamBench { $0.tls = try TLSIdentity(certificates.files("server")) }
    try bench.connect().hangUp()
    _ = try bench.turns("the end") { _ in bench.counts.closed[ClosingReason.peer.rawValue] == 1 }
    #expect(bench.notices.isEmpty)
  }

  private static let clients: [(name: String?, fault: HandshakeFault?)] = [
    ("client", nil), ("stranger", .badCertificate), (nil, .noCertificate),
  ]

  @Test(arguments: clients.indices)
  func clientsMustShowWhoTheyAre(index: Int) throws {
    let (name, fault) = Self.clients[index]
    let certificates = try Certificates()
    let bench = try StreamBench { $0.tls = try TLSIdentity(certificates.files("server", authorities: "ca")) }
    let context = try TLSContext(.client, certificates.files(name, authorities: "ca"))
    let sending = client(bench.source.address, context, [Self.bytes("5 <13>a")])
    let frames = try bench.turns("an end") { _ in
      bench.counts.accepted == 1 && bench.counts.open == 0 && sending.isDone
    }
    guard let fault else {
      #expect(frames == ["<13>a"])
      return
    }
    #expect(frames.isEmpty)
    #expect(bench.counts.handshakeFaults[fault.rawValue] == 1)
    #expect(bench.counts.closed[ClosingReason.handshake.rawValue] == 1)
    #expect(bench.notices == ["a TLS handshake failed"])
  }

  @Test func aClientThatDoesNotKnowUsGoes() throws {
    let certificates = try Certificates()
    let bench = try StreamBench { $0.tls = try TLSIdentity(certificates.files("server")) }
    let context = try TLSContext(.client, certificates.files(nil, authorities: "others"))
    let sending = client(bench.source.address, context, [Self.bytes("5 <13>a")])
    _ = try bench.turns("an end") { _ in
      bench.counts.closed[ClosingReason.handshake.rawValue] == 1 && sending.isDone
    }
    #expect(bench.counts.handshakeFaults[HandshakeFault.rejected.rawValue] == 1)
    #expect(sending.error?.message.contains("certificate verify failed") == true)
  }

  @Test func whatIsNoTLSIsToldApart() throws {
    let certificates = try Certificates()
    let bench = try StreamBench {
      $0.tls = try TLSIdentity(certificates.files("server"))
      $0.patience = 300_000_000
    }
    let plain = try bench.connect()
    try plain.send(Self.bytes("<13>no TLS at all\n"))
    let gone = try bench.connect()
    try gone.send([0x16, 3, 1])
    gone.hangUp()
    // One that never goes on.
    _ = try bench.connect()
    let frames = try bench.turns("three ends") { _ in bench.counts.accepted == 3 && bench.counts.open == 0 }
    #expect(frames.isEmpty)
    #expect(bench.counts.handshakeFaults[HandshakeFault.notTLS.rawValue] == 1)
    #expect(bench.counts.handshakeFaults[HandshakeFault.closed.rawValue] == 1)
    #expect(bench.counts.closed[ClosingReason.slow.rawValue] == 1)
  }

  @Test func certificatesAreExchangedForThoseWhoComeLater() throws {
    let certificates = try Certificates()
    let files = certificates.files("server")
    let identity = try TLSIdentity(files)
    let bench = try StreamBench { $0.tls = identity }
    for name in ["pem", "key"] {
      let (from, to) = ("\(certificates.folder)/client.\(name)", "\(certificates.folder)/server.\(name)")
      try FileManager.default.removeItem(atPath: to)
      // In between the files do not belong together: what was read before goes on.
      if name == "pem" { #expect(throws: IntakeError.self) { try TLSIdentity.read(files) } }
      try FileManager.default.copyItem(atPath: from, toPath: to)
      if name == "pem" { #expect(throws: IntakeError.self) { try TLSIdentity.read(files) } }
    }
    identity.replace(with: try TLSIdentity.read(files))
    let context = try TLSContext(.client, certificates.files(nil, authorities: "ca"))
    let sending = client(bench.source.address, context, [Self.bytes("5 <13>a")])
    let frames = try bench.turns("the frame") {
      $0.count == 1 && bench.counts.open == 0 && sending.isDone
    }
    #expect(frames == ["<13>a"])
    #expect(sending.error == nil)
  }

  @Test func filesThatCannotBeUsedAreNamed() throws {
    let certificates = try Certificates()
    func message(_ files: TLSFiles) -> String {
      do throws(IntakeError) {
        _ = try TLSContext(.server, files)
        return "none"
      } catch {
        return error.message.replacing(certificates.folder + "/", with: "")
      }
    }
    #expect(
      message(certificates.files("nowhere")).hasPrefix(
        "the certificate nowhere.pem cannot be used: No such file or directory; "))
    #expect(
      message(certificates.files("server", key: "nowhere")).hasPrefix(
        "the key nowhere.key cannot be used: No such file or directory; "))
    #expect(
      message(certificates.files("server", key: "client")).hasPrefix(
        "the key client.key does not belong to the certificate server.pem: key values mismatch; "))
    let locked = message(certificates.files("server", key: "locked"))
    #expect(locked.hasPrefix("the key locked.key cannot be used: ") && locked.contains("passphrase"))
    #expect(
      message(certificates.files("server", authorities: "nowhere")).hasPrefix(
        "the file of authorities nowhere.pem cannot be used: No such file or directory; "))
    #expect(message(certificates.files("server", authorities: "server")) == "none")
    let swapped = TLSFiles(
      certificate: "\(certificates.folder)/server.key", key: "\(certificates.folder)/server.pem")
    #expect(message(swapped).hasPrefix("the certificate server.key cannot be used: "))
  }

  @Test func theTimeOfACertificateIsKnown() throws {
    let certificates = try Certificates()
    let now = SystemClock.now
    let valid = try TLSContext(.server, certificates.files("server")).validity
    #expect(valid.from <= now && valid.to > now)
    let expired = try TLSContext(.server, certificates.files("expired")).validity
    #expect(expired.to < now && !expired.to.isAbsent)
  }
}

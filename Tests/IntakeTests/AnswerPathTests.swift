import Glibc
import Intake
import Model
import Testing

/// An answer leaves from the address that was asked: whoever asked takes it from nobody else.
@Suite struct AnswerPathTests {
  private static func source(_ listen: String, tells: Bool = true) throws -> UDPSource {
    try UDPSource(
      DatagramSocket(
        listening: ListenAddress(parsing: listen), receiveBuffer: 1 << 20, tellsDestination: tells))
  }

  /// Asks `source` at `address` and answers; the path of what came, and what came back from that address.
  private func ask(
    _ source: UDPSource, at address: IPAddress, path given: ReturnPath? = nil
  ) throws -> (path: ReturnPath, answer: [UInt8]?) {
    // Connected: the kernel lets in what comes from there alone.
    let sender = try DatagramSender(to: ListenAddress(address: address, port: source.address.port))
    try sender.send([1, 2, 3])
    var slab = try DatagramSlab(slots: 4, slotSize: 64)
    while slab.count == 0 { try source.receive(into: &slab, wait: 1_000) }
    let (about, path) = (slab[0], slab.path(0))
    #expect(!about.arrival.isAbsent)
    var answers = AnswerList()
    answers.add(to: about.peer, about.port) { $0 += [4, 5] }
    answers.route(by: given ?? path)
    #expect(try #require(source.answerPort).send(answers) == 1)
    return (path, try sender.receive(wait: 1_000))
  }

  static let places: [(listen: String, asked: String)] = [
    ("0.0.0.0:0", "127.0.0.1"), ("0.0.0.0:0", "127.0.0.2"), ("0.0.0.0:0", "127.9.8.7"),
    ("[::]:0", "::1"), ("[::]:0", "127.0.0.1"), ("[::]:0", "127.0.0.2"),
  ]

  @Test(arguments: places.indices) func aWildcardAnswersFromWhereItWasAsked(_ index: Int) throws {
    let place = Self.places[index]
    let asked = try #require(IPAddress(place.asked))
    let source = try Self.source(place.listen)
    let loopback = unsafe if_nametoindex("lo")
    for _ in 0..<3 {
      let (path, answer) = try ask(source, at: asked)
      #expect(path.local == asked)
      #expect(path.interface == loopback)
      #expect(answer == [4, 5])
    }
    // From an address of nobody: better from another one than not at all.
    let gone = ReturnPath(local: try #require(IPAddress(asked.v4 == nil ? "2001:db8::1" : "192.0.2.1")))
    let usual = try #require(IPAddress(asked.v4 == nil ? "::1" : "127.0.0.1"))
    #expect(try ask(source, at: usual, path: gone).answer == [4, 5])
  }

  /// Each datagram of a batch has its own, and what is put by hand has none.
  @Test func pathsAreToldApart() throws {
    let source = try Self.source("0.0.0.0:0")
    let asked = [3, 4, 5].map { IPAddress(v4: 127, 0, 0, $0) }
    for address in asked {
      let sender = try DatagramSender(to: ListenAddress(address: address, port: source.address.port))
      try sender.send([1])
    }
    var slab = try DatagramSlab(slots: 4, slotSize: 64)
    while slab.count == 0 { try source.receive(into: &slab, wait: 1_000) }
    let count = slab.count
    let paths = (0..<count).map { slab.path($0).local }
    #expect(paths == asked)
    slab.clear()
    let byte: [UInt8] = [1]
    _ = slab.put(byte.span, Datagram(peer: asked[0], port: 9, arrival: .absent))
    let nowhere = slab.path(0)
    #expect(nowhere == ReturnPath())
  }

  /// Who does not ask for it pays nothing for it, and one with an address of its own need not ask.
  @Test(arguments: [("0.0.0.0:0", false), ("127.0.0.2:0", true)])
  func otherSocketsTellNothing(_ listen: String, _ tells: Bool) throws {
    let source = try Self.source(listen, tells: tells)
    let asked = listen.hasPrefix("0") ? IPAddress(v4: 127, 0, 0, 1) : source.address.address
    let (path, answer) = try ask(source, at: asked)
    #expect(path == ReturnPath())
    #expect(answer == [4, 5])
  }
}

import Intake
import Model
import Testing

@Suite struct DatagramTests {
  private static let loopback = IPAddress(v4: 127, 0, 0, 1)

  @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
  func aDatagramArrivesWithItsPeerAndTheKernelsTime(address: String) throws {
    let listen = try ListenAddress(parsing: address)
    let source = try UDPSource(DatagramSocket(listening: listen, receiveBuffer: 1 << 20))
    var slab = try DatagramSlab(slots: 8, slotSize: 64)
    let sender = try DatagramSender(to: source.address)
    let before = SystemClock.now
    try sender.send(Array("<13>hello".utf8))
    try sender.send([])
    try sender.send([UInt8](repeating: 7, count: 100))
    var seen = 0
    while seen < 3 {
      try source.receive(into: &slab, wait: 1_000)
      for index in 0..<slab.count {
        let about = slab[index]
        let bytes = unsafe Array(slab.bytes(index))
        #expect(about.peer == listen.address)
        #expect(about.port != 0)
        #expect(about.arrival.since(before) >= 0 && about.arrival <= SystemClock.now)
        switch seen {
        case 0: #expect(bytes == Array("<13>hello".utf8) && !about.isTruncated)
        case 1: #expect(bytes.isEmpty)
        default: #expect(bytes.count == 64 && about.isTruncated)
        }
        seen += 1
      }
    }
  }

  @Test func ipv4OnADualStackSocketKeepsItsAddress() throws {
    let source = try UDPSource(
      DatagramSocket(listening: ListenAddress(parsing: "[::]:0"), receiveBuffer: 1 << 20))
    var slab = try DatagramSlab(slots: 1, slotSize: 64)
    let sender = try DatagramSender(to: ListenAddress(address: Self.loopback, port: source.address.port))
    try sender.send([1])
    while slab.count == 0 { try source.receive(into: &slab, wait: 1_000) }
    let peer = slab[0].peer
    #expect(peer == Self.loopback)
  }

  @Test func aTakenPortIsNamed() throws {
    let first = try DatagramSocket(listening: ListenAddress(parsing: "127.0.0.1:0"), receiveBuffer: 4_096)
    let address = first.address
    do throws(IntakeError) {
      let second = try DatagramSocket(listening: address, receiveBuffer: 4_096)
      Issue.record("bound \(second.address) twice")
    } catch {
      #expect(error.code == .portTaken)
      #expect(error.message.contains("\(address)"))
    }
  }

  @Test func sharedPortsAllowSeveralWorkers() throws {
    let first = try DatagramSocket(
      listening: ListenAddress(parsing: "127.0.0.1:0"), receiveBuffer: 4_096, sharesPort: true)
    let second = try DatagramSocket(listening: first.address, receiveBuffer: 4_096, sharesPort: true)
    let (one, two) = (first.address, second.address)
    #expect(one == two)
  }

  @Test func theKernelsDropsAreCounted() throws {
    let source = try UDPSource(
      DatagramSocket(listening: ListenAddress(parsing: "127.0.0.1:0"), receiveBuffer: 2_304))
    let sender = try DatagramSender(to: source.address)
    #expect(source.meter.dropped == 0)
    for _ in 0..<2_000 { try sender.send([UInt8](repeating: 65, count: 512)) }
    var slab = try DatagramSlab(slots: 64, slotSize: 512)
    var received = 0
    // On a busy machine the kernel brings the last ones late.
    for _ in 0..<1_000 where UInt64(received) + source.meter.dropped < 2_000 {
      try source.receive(into: &slab, wait: 10)
      received += slab.count
    }
    #expect(received > 0)
    #expect(source.meter.dropped == UInt64(2_000 - received))
  }

  @Test func aWaitEndsWhenWoken() async throws {
    let source = try UDPSource(
      DatagramSocket(listening: ListenAddress(parsing: "127.0.0.1:0"), receiveBuffer: 4_096))
    source.wake()
    var slab = try DatagramSlab(slots: 1, slotSize: 16)
    try source.receive(into: &slab, wait: -1)
    let count = slab.count
    #expect(count == 0)
  }

  @Test func sendingToNobodySaysSo() throws {
    var port: UInt16 = 0
    do {
      let socket = try DatagramSocket(listening: ListenAddress(parsing: "127.0.0.1:0"), receiveBuffer: 4_096)
      port = socket.address.port
    }
    let sender = try DatagramSender(to: ListenAddress(address: Self.loopback, port: port))
    do throws(IntakeError) {
      // The refusal of the first datagram is reported with a later one.
      for _ in 0..<3 { try sender.send([1]) }
      Issue.record("nobody objected")
    } catch {
      #expect(error.message.contains("nobody listens"))
    }
  }

  @Test(arguments: ["", "514", "localhost:514", "::1:514", "[127.0.0.1]:514", "1.2.3.4:65536", "1.2.3:5"])
  func whatIsNoListenAddressIsRefused(text: String) {
    #expect(throws: IntakeError.self) { try ListenAddress(parsing: text) }
  }

  @Test func replayFillsTheSlabUntilItIsFull() throws {
    var slab = try DatagramSlab(slots: 2, slotSize: 4)
    let about = Datagram(peer: Self.loopback, port: 9, arrival: .absent)
    let bytes: [UInt8] = [1, 2, 3, 4, 5]
    let nothing: [UInt8] = []
    let first = slab.put(bytes.span, about)
    let second = slab.put(nothing.span, about)
    let third = slab.put(bytes.span, about)
    #expect(first && second && !third)
    let (one, two) = (slab[0], slab[1])
    #expect(one.isTruncated && !two.isTruncated && one.arrival.isAbsent)
    let kept = unsafe Array(slab.bytes(0))
    #expect(kept == [1, 2, 3, 4])
  }
}

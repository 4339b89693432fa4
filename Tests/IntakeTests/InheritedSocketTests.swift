import Glibc
import Model
import Testing

@testable import Intake

/// What is asked about descriptors that are handed over; that a daemon works with them is an acceptance test.
@Suite struct InheritedSocketTests {
  private static func loopback(_ port: UInt16) -> ListenAddress {
    ListenAddress(address: IPAddress(v4: 127, 0, 0, 1), port: port)
  }

  @Test(
    arguments: [
      [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "78", "LISTEN_FDS": "1"], ["LISTEN_PID": "77"],
      ["LISTEN_PID": "77", "LISTEN_FDS": "0"], ["LISTEN_PID": "77", "LISTEN_FDS": "-3"],
      ["LISTEN_PID": "77", "LISTEN_FDS": "many"],
    ] as [[String: String]])
  func whatIsForSomebodyElseIsLeftAlone(environment: [String: String]) throws {
    let sockets = try InheritedSockets(environment: environment, processID: 77)
    #expect(sockets.rest.isEmpty)
    try sockets.requireNone()
  }

  /// Descriptors from 3 on of a test process are its own; a number that is surely closed is none of them.
  @Test func aDescriptorThatIsNoSocketIsNamed() throws {
    do throws(IntakeError) {
      _ = try InheritedSockets(
        environment: ["LISTEN_PID": "77", "LISTEN_FDS": "1024", "LISTEN_FDNAMES": "odd:muttd.socket"],
        processID: 77)
      Issue.record("a thousand descriptors were sockets")
    } catch {
      #expect(error.code == .address)
      #expect(error.message.contains("muttd.socket"))
    }
  }

  @Test func addressPortAndKindDecide() throws {
    func entry(_ descriptor: Int32, _ port: UInt16, _ isStream: Bool = false) -> InheritedSocket {
      InheritedSocket(
        descriptor: descriptor, name: "muttd.socket", isStream: isStream, address: Self.loopback(port))
    }
    var sockets = InheritedSockets(rest: [
      entry(3, 514), entry(4, 514, true), entry(5, 162), entry(6, 514), entry(7, 6_514, true),
    ])
    #expect(sockets.take(Self.loopback(6_515), isStream: true) == nil)
    #expect(sockets.take(Self.loopback(162), isStream: true) == nil)
    #expect(sockets.take(Self.loopback(514), isStream: true)?.descriptor == 4)
    #expect(try sockets.take(2, of: Self.loopback(514)).map(\.descriptor) == [3, 6])
    #expect(try sockets.take(1, of: Self.loopback(515)).isEmpty)
    do throws(IntakeError) {
      _ = try sockets.take(2, of: Self.loopback(162))
      Issue.record("one socket is enough for two workers")
    } catch {
      #expect(error.message.contains("1 of 2 sockets for udp 127.0.0.1:162"))
    }
    do throws(IntakeError) {
      try sockets.requireNone()
      Issue.record("a socket that nobody reads was passed over")
    } catch {
      #expect(error.code == .address)
      #expect(error.message.contains("tcp 127.0.0.1:6514 (muttd.socket)"))
    }
  }

  /// A buffer that was granted with more privileges than ours stays, one that is too small grows.
  @Test(arguments: [1 << 20, 4_096]) func theReceiveBufferNeverShrinks(bound: Int) throws {
    let first = try DatagramSocket(listening: Self.loopback(0), receiveBuffer: bound)
    let (address, granted) = (first.address, first.grantedBuffer)
    let copy = dup(first.descriptor)
    try #require(copy >= 0)
    let entry = InheritedSocket(descriptor: copy, name: "test", isStream: false, address: address)
    let second = try DatagramSocket(entry, receiveBuffer: 65_536)
    let now = second.grantedBuffer
    #expect(now >= max(granted, 65_536))
    let same = second.address
    #expect(same == address)
  }
}

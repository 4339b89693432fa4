import Model
import Testing

@Suite struct HostClaimTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"),
    ("fe80::1", "fe80::1"), ("fe80::1%eth0", "fe80::1"), ("FE80::1%3", "fe80::1"),
    ("fe80::1%vlan.10", "fe80::1"), ("[2001:db8::1]", "2001:db8::1"), ("[fe80::1%eth0]", "fe80::1"),
    ("[192.0.2.1]", "192.0.2.1"), ("::1", "::1"), ("::", "::"), ("abcd:ef01::%2", "abcd:ef01::"),
  ])
  func addresses(text: String, expected: String) {
    #expect(HostClaim.address(Array(text.utf8).span) == IPAddress(expected))
  }

  @Test(arguments: [
    "", "-", "core1", "a", "face", "fe80", "cafe.example.net", "fe80::1%", "fe80::g%eth0", "[2001:db8::1",
    "2001:db8::1]", "[]", "[", "[core1]", "[%eth0]", ":", "%eth0", "192.0.2.1%eth0", "192.0.2", "192.0.2.1.",
    "10.0.0.256", "abcdef:1::%1", "1-2-3-4.example.net", "a%b",
  ])
  func names(text: String) {
    #expect(HostClaim.address(Array(text.utf8).span) == nil)
  }

  @Test(arguments: [
    ("core1", "CORE1", true), ("core1.", "core1", true), ("core1", "core1.", true),
    ("Core1.Example.Net.", "core1.example.net", true), ("core1", "core1.example.net", false),
    (".", "", false), ("core1..", "core1", false),
  ])
  func sameNames(one: String, other: String, expected: Bool) {
    #expect(HostClaim.names(one, other) == expected)
  }

  @Test(arguments: [
    ("core1.", "core1"), ("core1", "core1"), (".", "."), ("", ""), ("a.b.", "a.b"), ("a..", "a."),
  ])
  func theRootIsNoPartOfAName(text: String, expected: String) {
    let bytes = Array("<\(text)>".utf8)
    let name = ByteRange(1, bytes.count - 1)
    #expect(bytes.span.text(name.withoutRoot(in: bytes.span)) == expected)
    #expect(ByteRange.absent.withoutRoot(in: bytes.span).isAbsent)
  }
}

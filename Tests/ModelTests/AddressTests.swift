import Model
import Testing

@Suite struct AddressTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
    ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
    ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
    ("1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ("fe80::a:0:0:b", "fe80::a:0:0:b"),
  ])
  func textRoundTripsInItsCanonicalForm(text: String, canonical: String) throws {
    let address = try #require(IPAddress(text))
    #expect("\(address)" == canonical)
    #expect(IPAddress("\(address)") == address)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.1234", ":", ":::", "1:::2", "::1::", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1%eth0", "1.2.3.4 ", "::1.2.3", "core1",
  ])
  func whatIsNoAddressIsRefused(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func randomAddressesRoundTrip() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<10_000 {
      var high = UInt64.random(in: .min ... .max, using: &generator)
      var low = UInt64.random(in: .min ... .max, using: &generator)
      // Runs of zeros are what the text form is difficult about.
      high &= [UInt64.max, 0, 0xFFFF_0000_FFFF_0000, 0xFFFF].randomElement(using: &generator)!
      low &= [UInt64.max, 0, 0x0000_FFFF_0000_FFFF, 0xFFFF_0000_0000_0000].randomElement(using: &generator)!
      let address = IPAddress(high: high, low: low)
      #expect(IPAddress("\(address)") == address, "\(address)")
    }
  }

  @Test(arguments: [
    ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false),
    ("0.0.0.0/0", "8.8.8.8", true),
    ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "192.0.2.1", true),
    ("2001:db8::/33", "2001:db8:7fff::1", true),
    ("2001:db8::/33", "2001:db8:8000::1", false), ("192.0.2.7", "192.0.2.7", true),
    ("192.0.2.7", "192.0.2.8", false),
  ])
  func networksContain(network: String, address: String, expected: Bool) throws {
    let network = try #require(Network(network))
    let address = try #require(IPAddress(address))
    #expect(network.contains(address) == expected)
  }

  @Test(arguments: [
    "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/", "x/8", "::/129", "::ffff:192.0.2.0/24",
    "fe80::1%eth0/64", "",
  ])
  func whatIsNoNetworkIsRefused(text: String) {
    #expect(Network(text) == nil)
  }

  @Test(arguments: [
    ("192.0.2.7/24", "192.0.2.0/24"), ("192.0.2.7", "192.0.2.7/32"), ("0.0.0.0/0", "0.0.0.0/0"),
    ("::ffff:192.0.2.0/120", "192.0.2.0/24"), ("2001:db8::1/32", "2001:db8::/32"), ("::/0", "::/0"),
    ("::1", "::1/128"), ("::ffff:0:0/96", "0.0.0.0/0"),
  ])
  func networksAsText(text: String, expected: String) throws {
    let network = try #require(Network(text))
    #expect("\(network)" == expected)
    #expect(network.hasHostBits == (text == "192.0.2.7/24" || text == "2001:db8::1/32"))
  }
}

@Suite struct ObjectIDTests {
  @Test func arcsNotCharacters() throws {
    let cisco = try #require(ObjectID("1.3.6.1.4.1.9"))
    let config = try #require(ObjectID(".1.3.6.1.4.1.9.9.41"))
    let other = try #require(ObjectID("1.3.6.1.4.1.99"))
    #expect(config.starts(with: cisco) && cisco.starts(with: cisco))
    #expect(!other.starts(with: cisco) && !cisco.starts(with: config))
    #expect("\(config)" == "1.3.6.1.4.1.9.9.41")
  }

  @Test func limits() throws {
    let long = Array(repeating: "4294967295", count: 128).joined(separator: ".")
    #expect(try #require(ObjectID(long)).count == 128)
    #expect(ObjectID(long + ".1") == nil)
    for text in ["", ".", "1..2", "1.", "1.4294967296", "1.-1", "1.a", "1. 2", "+1"] {
      #expect(ObjectID(text) == nil, "\(text)")
    }
  }
}

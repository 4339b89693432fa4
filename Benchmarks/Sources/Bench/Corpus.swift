import Intake
import Model

/// What a network of some thousand devices says all day, made from a seed: switches, routers, firewalls and
/// servers of several makers, each with its own idea of a header.
struct Corpus {
  private var random: Random
  /// What stamps begin with, up to the ten minutes of their time: `Nov 21 02:1`, and `2026-11-21T02:1`.
  private let time: String
  private let isoTime: String
  private static let sites = ["ams", "ber", "cdg", "dus", "fra", "lhr", "mad", "osl", "vie", "zrh"]
  private static let users = ["backup", "deploy", "kowalski", "monitor", "netops", "okafor", "svc-ci"]

  /// Stamps lie within three minutes before `DecodeCases.arrival`.
  init(seed: UInt64) {
    random = Random(seed: seed)
    (time, isoTime) = ("Nov 21 02:1", "2026-11-21T02:1")
  }

  /// Stamps lie at the beginning of today, in UTC: for those who go by the clock of the machine, as most
  /// devices are of the day that they are heard on.
  init(ofTodayWith seed: UInt64) {
    random = Random(seed: seed)
    (time, isoTime) = (Corpus.today, Corpus.isoToday)
  }

  /// `Nov 21 00:0`.
  static var today: String {
    let now = CivilTime(utc: SystemClock.now)
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return "\(months[Int(now.month) - 1]) \(now.day < 10 ? " " : "")\(now.day) 00:0"
  }

  private static var isoToday: String { "\(SystemClock.now.rfc3339(digits: 0).prefix(10))T00:0" }

  // MARK: - Kinds

  mutating func linuxDaemon() -> String {
    let (program, text) = daemonText()
    return "<\(random[8...86])>\(stamp()) \(host("srv")) \(program)[\(random[300...65_000])]: \(text)"
  }

  mutating func ciscoIOS() -> String {
    let (severity, text) = iosText()
    return
      "<\(184 + severity)>\(random[1...999_999]): \(host("sw")): \(stamp()).\(random[100...999]): \(text)"
  }

  mutating func firewall() -> String {
    let number = random.one(of: [302_013, 302_014, 302_015, 106_023, 305_011])
    return
      "<166>\(stamp()) \(host("fw")) : %ASA-6-\(number): Connection \(random[1_000_000...99_999_999]) "
      + "for outside:\(publicAddress())/\(port()) to inside:\(address())/443 (\(address())/443) "
      + "duration 0:\(random[10...59]):\(random[10...59]) bytes \(random[100...9_999_999])"
  }

  mutating func juniper() -> String {
    "<134>\(stamp()) \(host("mx")) RT_FLOW[\(random[300...65_000])]: session created "
      + "\(address())/\(port())->\(publicAddress())/443 0x0 https \(publicAddress())/\(port()) source rule "
      + "nat-\(random[1...40]) N/A 6 permit-\(random[1...90]) trust untrust \(random[1...9_999_999])"
  }

  mutating func kernel() -> String {
    "<4>\(stamp()) \(host("srv")) kernel: [\(random[100...9_999_999]).\(random[100_000...999_999])] "
      + "[FILTER DROP] IN=eth0 OUT= MAC=\(mac()) SRC=\(publicAddress()) DST=\(address()) LEN=40 TOS=0x00 "
      + "TTL=\(random[30...250]) ID=\(port()) PROTO=TCP SPT=\(port()) DPT=\(random[1...1_024]) SYN"
  }

  mutating func rfc5424() -> String {
    "<134>1 \(isoStamp()) \(host("app")).example.net haproxy \(random[300...65_000]) - - "
      + proxyText()
  }

  mutating func rfc5424Structured() -> String {
    "<134>1 \(isoStamp()) \(host("app")).example.net orders \(random[300...65_000]) REQ "
      + "[meta@32473 trace=\"\(random.hex(32))\" tenant=\"\(site())\" user=\"\(user())\"] "
      + "handled POST /v1/orders in \(random[1...900]) ms status=201 bytes=\(random[100...9_999])"
  }

  /// As they come: of 20 lines 5 from switches, 5 from firewalls, 4 from daemons, 2 from kernels, 2 from
  /// routers and 2 in the format of RFC 5424.
  mutating func noise() -> String {
    switch random[0...19] {
    case 0...4: ciscoIOS()
    case 5...9: firewall()
    case 10...13: linuxDaemon()
    case 14, 15: kernel()
    case 16, 17: juniper()
    case 18: rfc5424()
    default: rfc5424Structured()
    }
  }

  /// A line for one of the first rules of `RuleSet.base` that page.
  mutating func forwardedAlert() -> String {
    switch random[0...2] {
    case 0: alert("%LINK-3-UPDOWN: Interface \(interface()), changed state to down")
    case 1: alert("%OSPF-5-ADJCHG: Process 1, Nbr \(address()) on \(interface()) from FULL to DOWN")
    default: alert("%PM-4-ERR_DISABLE: bpduguard error on \(interface()), putting it in err-disable state")
    }
  }

  /// A line for one of those that only record.
  mutating func recordedAlert() -> String {
    switch random[0...1] {
    case 0: alert("%BGP-5-ADJCHANGE: neighbor \(address()) vpn vrf CUST\(random[1...90]) Down Interface flap")
    default: alert("%PLATFORM-2-FAN: Module \(random[1...4]) Fan failure detected in slot \(random[1...8])")
    }
  }

  private mutating func alert(_ text: String) -> String {
    "<187>\(random[1...999_999]): \(host("sw")): \(stamp()).\(random[100...999]): \(text)"
  }

  // MARK: - Texts

  private mutating func daemonText() -> (program: String, text: String) {
    switch random[0...4] {
    case 0:
      (
        "sshd",
        "Accepted publickey for \(user()) from \(address()) port \(port()) ssh2: RSA \(random.hex(43))"
      )
    case 1:
      ("dhcpd", "DHCPACK on \(address()) to \(mac()) (\(host("pc"))) via eth1 relay \(address()) lease 86400")
    case 2:
      (
        "named",
        "client @0x\(random.hex(12)) \(address())#\(port()) (\(random.hex(8)).example.net): query: IN A"
      )
    case 3:
      (
        "postfix/smtp",
        "\(random.hex(10)): to=<\(user())@example.org>, relay=mx1.example.org[\(publicAddress())]:25, "
          + "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as \(random.hex(11)))"
      )
    default:
      (
        "systemd",
        "Started session \(random[1...99_999]) of user \(user()), unit run-\(random.hex(12)).scope."
      )
    }
  }

  private mutating func iosText() -> (severity: Int, text: String) {
    switch random[0...3] {
    case 0:
      (
        6,
        "%SEC-6-IPACCESSLOGP: list 110 denied tcp \(publicAddress())(\(port())) -> \(address())(443)"
      )
    case 1:
      (
        5,
        "%SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: \(user())] [Source: \(address())] [localport: 22]"
      )
    case 2:
      (
        6,
        "%MAB-6-START: Starting mab for (\(mac())) on \(interface()) AuditSessionID \(random.hex(24))"
      )
    default:
      (
        7,
        "%LINEPROTO-7-DEBUG: Keepalive counters refreshed on Interface \(interface()), "
          + "tx \(random[1...99_999_999]) rx \(random[1...99_999_999]), unchanged for \(random[1...900]) s"
      )
    }
  }

  private mutating func proxyText() -> String {
    "\(publicAddress()):\(port()) https~ be_app/\(host("app")) 0/0/\(random[0...9])/\(random[1...300])/"
      + "\(random[1...400]) 200 \(random[100...99_999]) - - ---- \(random[1...900])/0/0/0/0 0/0 "
      + "\"GET /health HTTP/2.0\""
  }

  // MARK: - Parts

  mutating func host(_ kind: String) -> String {
    "\(kind)-\(site())-\(random[1...200])"
  }

  private mutating func site() -> String { random.one(of: Corpus.sites) }
  private mutating func user() -> String { random.one(of: Corpus.users) }
  private mutating func port() -> Int { random[1_024...65_000] }
  private mutating func address() -> String {
    "10.\(random[0...255]).\(random[0...255]).\(random[1...254])"
  }
  private mutating func publicAddress() -> String {
    "\(random.one(of: ["192.0.2", "198.51.100", "203.0.113"])).\(random[1...254])"
  }
  private mutating func mac() -> String { (0..<6).map { _ in random.hex(2) }.joined(separator: ":") }
  private mutating func interface() -> String {
    "\(random.one(of: ["GigabitEthernet", "TenGigabitEthernet"]))\(random[1...6])/0/\(random[1...48])"
  }
  private mutating func stamp() -> String { "\(time)\(random[1...3]):\(random[10...59])" }
  private mutating func isoStamp() -> String {
    "\(isoTime)\(random[1...3]):\(random[10...59]).\(random[100_000...999_999])Z"
  }
}

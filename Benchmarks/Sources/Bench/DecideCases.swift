import Model
import Policy
import Wire

/// Match and enrich: what the number of rules costs. The lines are decoded before, no rule holds for any, and
/// every one of them is looked at to its end. `decide/0-rules` is what is not matching: who sent it, whose it
/// is.
struct DecideCases {
  private static let events = 2_000

  static func run(_ meter: Meter) throws {
    for count in [0, 10, 100, 1_000] { try run(meter, rules: count) }
  }

  /// Apart from the others, because compiling these rules takes valgrind as long as all the rest.
  static func runLarge(_ meter: Meter) throws { try run(meter, rules: 10_000) }

  private static func run(_ meter: Meter, rules count: Int) throws {
    let snapshot = try RuleSet.snapshot(count)
    var matcher = try Matcher(snapshot)
    let (lines, decoded) = decodedNoise()
    let none = ObjectID()
    var matched = 0
    meter.measure("decide/\(count)-rules", events: lines.count) {
      lines.forEach { index, bytes in
        let event = decoded[index]
        let decision = matcher.decide(
          event, datagram: bytes, text: bytes.extracting(event.message.bounds), trapOID: none)
        if decision.isMatched { matched += 1 }
      }
    }
    guard matched == 0 else { throw BenchFailure("decide/\(count)-rules: rules held for \(matched) lines") }
  }

  private static func decodedNoise() -> (Lines, [Event]) {
    var corpus = Corpus(seed: 3)
    let lines = Lines((0..<events).map { _ in Array(corpus.noise().utf8) })
    let decoder = SyslogDecoder()
    var decoded: [Event] = []
    lines.forEach { _, bytes in
      var event = Event(arrival: DecodeCases.arrival, peer: IPAddress(v4: 192, 0, 2, 9))
      decoder.decode(bytes, into: &event)
      decoded.append(event)
    }
    return (lines, decoded)
  }
}

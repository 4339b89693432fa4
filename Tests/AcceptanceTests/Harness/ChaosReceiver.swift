import Foundation
import Synchronization

/// Three receivers behind one port: `/healthy` takes everything, `/wild` and `/tls` do by a seed whatever a
/// receiver can do. What one alert meets at its first, second … attempt follows from the seed and its number
/// alone, so that the same seed is the same run whatever the clock does.
final class ChaosReceiver: Sendable {
  /// What became of one alert here.
  struct Fate: Sendable {
    var attempts = 0
    var keys: Set<String> = []
    var bodies: Set<Int> = []
    /// The statuses it was answered with.
    var statuses: [Int] = []
    /// It was answered in a way that lets the sender forget it.
    var isTaken = false
    var firstAt: ContinuousClock.Instant
  }

  private struct Ledger {
    var fates: [String: [Int: Fate]] = [:]
    var deeds: [String: Int] = [:]
    var strays: [String] = []
  }

  static let healthy = "healthy"
  static let wild = "wild"
  static let tls = "tls"

  private let ledger: Shared
  private let server: WebhookReceiver
  /// What comes after a 3xx, or from a body that is no alert, is kept here.
  var strays: [String] { ledger.state.withLock { $0.strays } }
  var deeds: [String: Int] { ledger.state.withLock { $0.deeds } }
  var port: Int { server.port }

  private final class Shared: Sendable {
    let state = Mutex(Ledger())
    let isCalm = Atomic<Bool>(false)
  }

  init(seed: UInt64, bomb: [UInt8]) throws {
    let ledger = Shared()
    self.ledger = ledger
    server = try WebhookReceiver(keeps: false) { request, _ in
      let now = ContinuousClock.now
      let name = String(request.path.dropFirst())
      guard let number = request.number, (try? JSONSerialization.jsonObject(with: Data(request.body))) != nil,
        [ChaosReceiver.healthy, ChaosReceiver.wild, ChaosReceiver.tls].contains(name)
      else {
        ledger.state.withLock { $0.strays.append("\(request.path): \(request.body.count) bytes") }
        return .status(500)
      }
      let attempt = ledger.state.withLock { $0.fates[name]?[number]?.attempts ?? 0 }
      let deed = ChaosReceiver.deed(
        of: name, number, attempt, seed, isCalm: ledger.isCalm.load(ordering: .relaxed), bomb)
      ledger.state.withLock { ledger in
        var fate = ledger.fates[name]?[number] ?? Fate(firstAt: now)
        fate.attempts += 1
        fate.keys.insert(request.key)
        fate.bodies.insert(request.body.hashValue)
        if deed.isDelivery { fate.isTaken = true }
        if let status = deed.status { fate.statuses.append(status) }
        ledger.fates[name, default: [:]][number] = fate
        ledger.deeds["\(name) \(deed.name)", default: 0] += 1
      }
      return .perform { deed.perform(on: $0) }
    }
  }

  func url(_ name: String) -> String { "http://127.0.0.1:\(server.port)/\(name)" }
  func fates(_ name: String) -> [Int: Fate] { ledger.state.withLock { $0.fates[name] ?? [:] } }
  func stop() { server.stop() }

  /// While calm, everything but the poison is taken.
  func calmDown(_ isCalm: Bool) { ledger.isCalm.store(isCalm, ordering: .relaxed) }

  /// Alerts that are never taken, whatever else is.
  private static func poison(_ number: Int) -> Misdeed? {
    if isEndless(number) { return .answer(500, body: "this one is too much for me") }
    return switch number % 211 {
    case 7: .answer(403, body: "not this one")
    case 140: .answer(422, body: "no such thing")
    default: nil
    }
  }

  /// The wild one answers it with 500 for ever: it ends by age alone. They are tried time and again, so there
  /// are few.
  private static func isEndless(_ number: Int) -> Bool { number % 1_000 == 77 }

  /// Those of them that have come.
  var endless: Int { fates(ChaosReceiver.wild).keys.count { ChaosReceiver.isEndless($0) } }

  private static let final: Set<Int> = [400, 410, 413, 414, 415, 416, 422, 424, 451]

  /// Whether an alert was given up for something that was said to it here: no other death is right.
  static func isJust(_ name: String, _ number: Int, _ fate: Fate?, status: Int, reason: String) -> Bool {
    guard let fate, name != healthy, fate.statuses.contains(status) else { return false }
    if reason.hasPrefix("older than max_age") { return name == wild && isEndless(number) }
    if reason.hasPrefix("the destination takes other alerts") {
      // Refused, or failed, once more after others had passed.
      return fate.statuses.count { $0 >= 300 && !final.contains($0) } >= 2
    }
    return final.contains(status)
  }

  private static func deed(
    of name: String, _ number: Int, _ attempt: Int, _ seed: UInt64, isCalm: Bool, _ bomb: [UInt8]
  ) -> Misdeed {
    if name == healthy { return .answer(200) }
    if name == wild, let poison = poison(number) { return poison }
    if isCalm { return .answer(200) }
    var random = SeededGenerator(
      seed: seed &+ UInt64(number) << 20 &+ UInt64(attempt) << 1 &+ (name == tls ? 1 : 0))
    let roll = Int.random(in: 0..<1_000, using: &random)
    switch roll {
    case 0..<5: return .hang
    case 5..<25: return .reset
    case 25..<45: return .close
    case 45..<65: return .half
    case 65..<70: return .large(200)
    case 70..<75: return .large(503)
    case 75..<80: return .bomb(bomb)
    case 80..<90: return .garbage
    case 90..<93: return .endlessHeaders
    case 93..<95: return .trickle
    case 95..<300: return .answer(statuses.randomElement(using: &random) ?? 500)
    case 300..<315: return redirects.randomElement(using: &random) ?? .answer(302)
    case 315..<345: return waits.randomElement(using: &random) ?? .answer(429)
    default: return .answer([200, 200, 200, 201, 202, 204].randomElement(using: &random) ?? 200)
    }
  }

  /// Every kind of the status table; most that are tried again, some that end it, few that hold.
  private static let statuses =
    [408, 425, 500, 502, 503, 504, 507, 520, 599].flatMap { [$0, $0, $0, $0] }
    + [400, 410, 413, 414, 415, 416, 422, 424, 451] + [401, 403, 404, 405, 407, 409, 418, 100]

  private static let redirects: [Misdeed] = [
    .answer(301, headers: "Location: file:///etc/passwd\r\n"),
    .answer(302, headers: "Location: /loop\r\n"),
    .answer(303, headers: "Location: gopher://127.0.0.1:1/\r\n"),
    .answer(307, headers: "Location: /wild\r\n"),
    .answer(308, headers: "Location: //127.0.0.1/\r\n"),
    .answer(304),
  ]

  private static let waits: [Misdeed] = [
    .answer(429), .answer(429, headers: "Retry-After: 0\r\n"),
    .answer(503, headers: "Retry-After: 1\r\n"),
    .answer(503, headers: "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n"),
    .answer(429, headers: "Retry-After: soon\r\n"),
    .answer(503, headers: "Retry-After: -99999999999999999999\r\n"),
  ]
}

import Foundation
import TestKit
import Testing

/// A page behind a burst of tickets that leaves at a slow rate.
@Suite struct PageBeforeBurstTests {
  private static let rules = """
    rules:
      - {name: burst, match_type: contains, match_string: ticket, prod_handling: Ticket_only, \
    dev_handling: Ticket_only}
      - {name: wake, match_type: contains, match_string: 'wake up', prod_handling: Page_only, \
    dev_handling: Page_only}

    """

  @Test func itLeavesBeforeAllThatHaveNotLeft() async throws {
    let gate = DispatchSemaphore(value: 0)
    // The first answer is withheld until the page is committed: by then nothing else has left.
    let receiver = try WebhookReceiver { _, index in
      if index == 0 { gate.wait() }
      return .status(200)
    }
    defer {
      gate.signal()
      receiver.stop()
    }
    var settings = DaemonSettings(rules: Self.rules)
    settings.extra = """
      destinations:
        - {name: moog, url: '\(receiver.url)', rate: 50/s, concurrency: 1, timeout: 5m}

      """
    try await withDaemon("burst", settings) { daemon in
      func created() async throws -> Int { try await daemon.scrape().sum("mutt_deliveries_created_total") }
      let sender = try UDPSender(port: daemon.place.syslogPort)
      var number = 0
      // A busy machine may drop some.
      while try await created() < 10_000 {
        let missing = 10_000 - (try await created())
        try await sender.send(number..<number + missing, rate: 4_000) {
          NumberedMessage.syslog($0, words: "ticket")
        }
        number += missing
        try await eventually("they are read and committed") {
          let metrics = try await daemon.scrape()
          return metrics.datagrams + metrics.kernelDropped >= number
            && metrics.sum("mutt_deliveries_created_total") == metrics.datagrams
        }
      }
      try await eventually("the first is under way") { receiver.count == 1 }
      let tickets = try await created()
      sender.send(NumberedMessage.syslog(99_999, words: "wake up"))
      try await eventually("the page is committed") { try await created() == tickets + 1 }
      // It is looked for something more urgent ten times a second.
      try await Task.sleep(for: .seconds(1))
      #expect(receiver.count == 1)
      gate.signal()
      // Fifty leave in a second.
      try await eventually("the page and some tickets") { receiver.count >= 60 }
      let order = receiver.received.prefix(60).map { $0.json["custom_info"]["mutt"]["handling"].string }
      let place = try #require(order.firstIndex(of: "Page_only"))
      #expect(place < 50 && order.count { $0 == "Ticket_only" } == 59, "place \(place)")
      #expect(try await daemon.scrape().pending > 9_000)
    }
  }
}

import Daemon
import Model
import Store
import TestKit
import Testing

/// Who took raises in another's place: remembered for their clears, within bounds, and stored.
@Suite struct StandInsTests {
  private let start = EventFactory.start

  private func one(_ signature: String, _ destination: String, after seconds: Int64 = 0) -> Outbox.StandIn {
    Outbox.StandIn(signature: signature, destination: destination, since: start.adding(seconds: seconds))
  }

  @Test func aClearEndsIt() {
    var book = StandIns()
    book.note("link", at: "b", now: start)
    book.note("link", at: "c", now: start)
    book.note("", at: "b", now: start)
    #expect(book.names(of: "link", now: start) == ["b", "c"])
    #expect(book.names(of: "fan", now: start) == [] && book.names(of: "", now: start) == [])
    book.cleared("link", at: "b")
    #expect(book.names(of: "link", now: start) == ["c"])
    book.cleared("link", at: "c")
    book.cleared("link", at: "c")
    #expect(book.isEmpty)
    #expect(
      book.owed == [
        .took(one("link", "b")), .took(one("link", "c")), .cleared(signature: "link", destination: "b"),
        .cleared(signature: "link", destination: "c"),
      ])
    book.written()
    #expect(book.owed == [])
  }

  @Test func aRaiseThatIsRepeatedIsNotStoredEachTime() {
    var book = StandIns([one("link", "b")])
    #expect(book.owed == [])
    book.note("link", at: "b", now: start.adding(seconds: 3_599))
    #expect(book.owed == [])
    book.note("link", at: "b", now: start.adding(seconds: 3_600))
    #expect(book.owed == [.took(one("link", "b", after: 3_600))])
    // What the file knows by itself is not stored again.
    book.note("fan", at: "b", now: start, isStored: true)
    #expect(book.owed.count == 1 && book.names(of: "fan", now: start) == ["b"])
  }

  @Test func itIsForgottenAfterAWeekAndWhenThereAreTooMany() {
    var book = StandIns([one("link", "b")], limit: 40_000)
    let week = start.adding(seconds: 7 * 86_400)
    #expect(book.names(of: "link", now: week.adding(seconds: -1)) == ["b"])
    #expect(book.names(of: "link", now: week) == [])
    for number: Int64 in 1...1_000 { book.note("s\(number)", at: "b", now: start.adding(seconds: number)) }
    #expect(book.names(of: "link", now: start) == [] && book.names(of: "s1", now: start) == [])
    #expect(book.names(of: "s1000", now: start.adding(seconds: 1_000)) == ["b"])
    let left = (1...1_000).count { !book.names(of: "s\($0)", now: start).isEmpty }
    #expect(left > 200 && left < 310)
    // The file forgets the same ones.
    let bounds = book.owed.compactMap { change -> Timestamp? in
      if case .forgotten(let bound) = change { bound } else { nil }
    }
    #expect(bounds.count > 3 && bounds.last == start.adding(seconds: Int64(1_000 - left)))
  }

  @Test func whatTheFileDidNotTakeIsStoredWholeWhenItDoes() {
    var book = StandIns([one("link", "b")])
    book.fellBehind()
    #expect(book.owed == [], "nothing was missed")
    book.note("fan", at: "b", now: start)
    book.fellBehind()
    book.cleared("link", at: "b")
    #expect(book.owed == [.forgotten(through: Timestamp(nanoseconds: .max)), .took(one("fan", "b"))])
    book.written()
    #expect(book.owed == [])
  }
}

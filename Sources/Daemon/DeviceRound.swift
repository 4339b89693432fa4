package import Model
import Policy

/// When devices were heard, of all workers together, until it is written: in rounds of several pages.
package struct DeviceRound: Sendable {
  private var names = DeviceNames()
  /// Nanoseconds since 1970 by device, the first and the last that is not written; 0: there is none.
  private var firsts: [Int64] = []
  private var lasts: [Int64] = []
  /// How many devices have some.
  package private(set) var count = 0
  /// Where the next page begins; nil: no round is under way.
  private var place: Int?

  /// Devices that are written together.
  package struct Page: Sendable {
    package fileprivate(set) var devices: [DeviceSighting] = []
    fileprivate var places: [Int] = []
  }

  package init() {}

  package var isUnderWay: Bool { place != nil }

  /// The list of a worker may be older than one that another had before.
  package mutating func add(_ heard: HeardDevices) {
    if !heard.names.isSame(as: names), heard.names.generation >= names.generation {
      firsts = heard.names.rearranged(firsts, of: names)
      lasts = heard.names.rearranged(lasts, of: names)
      names = heard.names
      count = lasts.count { $0 != 0 }
      if isUnderWay { place = 0 }
    }
    let times = names.rearranged(heard.times, of: heard.names)
    for index in times.indices where times[index] != 0 {
      note(index, first: times[index], last: times[index])
    }
  }

  private mutating func note(_ index: Int, first: Int64, last: Int64) {
    if lasts[index] == 0 { count += 1 }
    firsts[index] = firsts[index] == 0 ? first : min(firsts[index], first)
    lasts[index] = max(lasts[index], last)
  }

  /// The next page of the round, or the first of another: at most `limit` devices, which are no longer here.
  package mutating func page(_ limit: Int) -> Page {
    var page = Page()
    var at = place ?? 0
    while at < lasts.count, page.places.count < limit {
      if lasts[at] != 0 {
        page.places.append(at)
        page.devices.append(
          DeviceSighting(
            hostname: names[at], first: Timestamp(nanoseconds: firsts[at]),
            last: Timestamp(nanoseconds: lasts[at])))
        (firsts[at], lasts[at]) = (0, 0)
        count -= 1
      }
      at += 1
    }
    place = at < lasts.count ? at : nil
    return page
  }

  /// Takes back what could not be written of the page that was taken last: `left`, or all of it, and then the
  /// round is over.
  package mutating func takeBack(_ page: Page, _ left: Set<String>? = nil) {
    for (place, device) in zip(page.places, page.devices) where left?.contains(device.hostname) ?? true {
      note(place, first: device.first.nanoseconds, last: device.last.nanoseconds)
    }
    if left == nil { place = nil }
  }
}

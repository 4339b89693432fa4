package import Model

extension Catalog {
  /// A number that tells this content from any other, whatever store it was read from and when: for deciding
  /// that nothing has to be done. Not against forgery; equal versions are no part of it.
  package var fingerprint: Int64 {
    var print = CatalogFingerprint()
    print.add(rules.count)
    for rule in rules { print.add(rule) }
    for host in developmentHosts { print.add(host) }
    print.add(deviceTeams.count)
    for team in deviceTeams {
      print.add(team.hostname)
      print.add(team.team)
    }
    print.add(devices.count)
    for device in devices {
      print.add(device.hostname)
      print.add(device.attributes)
      for address in device.addresses { print.add(Int64(bitPattern: address.high ^ address.low &* 31)) }
    }
    return Int64(bitPattern: print.state)
  }
}

/// Words of eight bytes, multiplied into one another.
private struct CatalogFingerprint {
  var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  mutating func add(_ rule: Rule) {
    add(rule.id)
    add(rule.name)
    add(rule.matchType.rawValue)
    add(rule.matchString)
    add(rule.trapOID)
    add(rule.syslogSeverity ?? -1)
    add(rule.priority)
    add(rule.prodHandling)
    add(rule.devHandling)
    add(rule.teamAssignment)
    add(rule.isActive ? 1 : 0)
    add(rule.description)
    add(rule.severity ?? -1)
    add(rule.key)
    add(rule.summary)
    add(rule.docURL)
    for list in [rule.tags, rule.matchExamples, rule.noMatchExamples] {
      add(list.count)
      for text in list { add(text) }
    }
    add(rule.version)
  }

  mutating func add(_ number: Int) { add(Int64(number)) }

  mutating func add(_ number: Int64) {
    let product = (state ^ UInt64(bitPattern: number)).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    state = product.high ^ product.low ^ 0xE703_7ED1_A0B4_28DB
  }

  /// Nothing is told from an empty text.
  mutating func add(_ text: String?) {
    guard var text else { return add(-1) }
    add(text.utf8.count)
    text.withUTF8 { bytes in
      var word: UInt64 = 0
      for index in 0..<bytes.count {
        word = unsafe word << 8 | UInt64(bytes[index])
        if index & 7 == 7 {
          add(Int64(bitPattern: word))
          word = 0
        }
      }
      add(Int64(bitPattern: word))
    }
  }
}

package import Model

extension Trap {
  /// The line stops growing at the varbind that reaches this: rules never see more than one datagram's worth
  /// of text, however much hexadecimal and dotted numbers blow a packet up.
  package static var textLimit: Int { 65_536 }

  /// Appends the one line that rules match on, `linkDown ifIndex.3=3 ifOperStatus.3=down(2)`, and says where
  /// it stands. Clean UTF-8 without control bytes. The varbinds that say uptime and OID are left out (the
  /// name leads the line), secrets are never shown. docs/traps.md says how every kind of value reads.
  ///
  /// Mutating, though nothing changes: a notification that is only borrowed is copied whole by the compiler.
  package mutating func appendText(_ datagram: Span<UInt8>, to target: inout [UInt8]) -> ByteRange {
    let start = target.count
    if notification == 0 { target.append(oid: trapOID) }
    let room = VarbindText.room(datagram.count)
    let capacity =
      room &+ min((varbindCount &+ 1) &* VarbindText.slack, Trap.textLimit &+ 2 &* VarbindText.slack)
    // The varbinds are moved out while they are read: a notification is too large to be copied for each line,
    // and a reference to count.
    var slots: [Varbind] = []
    swap(&slots, &self.slots)
    defer { swap(&slots, &self.slots) }
    target.append(addingCapacity: capacity) { line in
      if notification != 0 { VarbindText.append(names, notification, to: &line) }
      let count = varbindCount
      var place = leadCount
      while place < count, line.count < Trap.textLimit {
        place = VarbindText.appendUsual(slots.span, from: place, to: count, datagram, names, to: &line)
        guard place < count, line.count < Trap.textLimit else { break }
        VarbindText.appendAny(slots, place, datagram, names, to: &line)
        place &+= 1
      }
    }
    return ByteRange(start, target.count)
  }

  /// Adds the varbinds of the line as labels: `ifDescr.3` and, where still free, `ifDescr`.
  package mutating func appendLabels(_ datagram: Span<UInt8>, to labels: inout LabelSet) {
    writeForms(datagram)
    let all = forms.bytes.span
    let places = forms.places.span
    for index in places.indices where !places[index].text.isAbsent {
      if labels.entries.count >= LabelSet.limit { return }
      let place = places[index]
      let name = labels.bytes.append(all, place.name)
      let value =
        place.isPlain
        ? labels.bytes.append(all, place.text)
        : JSONText.appendUnquoted(all, place.text, to: &labels.bytes)
      labels.add(name: name, value: value, isPlain: place.isPlain)
      if place.bareCount > 0 {
        let bare = ByteRange(offset: name.offset, count: place.bareCount)
        labels.add(name: bare, value: value, isPlain: place.isPlain)
      }
    }
  }

  /// `linkDown`, or the dotted numbers of an unknown notification.
  mutating func appendName(to target: inout [UInt8]) {
    if notification == 0 { return target.append(oid: trapOID) }
    let (names, notification) = (names, notification)
    target.append(addingCapacity: VarbindText.slack) { VarbindText.append(names, notification, to: &$0) }
  }
}

extension [UInt8] {
  /// Appends the value as the line shows it.
  mutating func append(
    textOf place: Int, _ slots: [Varbind], _ bytes: Span<UInt8>, _ names: ObjectNames
  ) {
    append(addingCapacity: VarbindText.room(Int(slots[place].value.count)) + VarbindText.slack) {
      VarbindText.appendValue(slots, place, bytes, names, to: &$0)
    }
  }
}

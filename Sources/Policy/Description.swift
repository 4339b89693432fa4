package import Model

extension Matcher {
  /// Writes into `row` what the decision means, its texts made safe and appended to `bytes`. An event that
  /// no rule took gets its host, handling, teams and environment only.
  ///
  /// `labels` may hold a trap's varbinds already; the winner's named captures come before them and win over
  /// varbinds of the same name.
  package mutating func describe(
    _ decision: Decision, event: Event, datagram: Span<UInt8>, text: Span<UInt8>,
    labels: inout LabelSet, row: inout EventRow, bytes: inout [UInt8]
  ) {
    outline(decision, event: event, datagram: datagram, row: &row, bytes: &bytes)
    guard decision.isMatched else { return }

    let verdict = snapshot.verdicts[Int(decision.rule)]
    row.ruleReference = snapshot.append(verdict.reference, to: &bytes)
    setSeverity(verdict, event: event, row: &row)
    if decision.device >= 0 {
      let attributes = snapshot.hosts.devices[Int(decision.device)].attributes
      row.deviceAttributes = snapshot.append(attributes, to: &bytes)
    }
    let isRead = verdict.regex < 0 || capture(verdict, text: text, labels: &labels)
    if !labels.entries.isEmpty {
      let start = bytes.count
      labels.appendJSON(to: &bytes)
      row.labels = ByteRange(start, bytes.count)
    }
    row.signature = append(verdict.key, row: row, labels: labels, to: &bytes)
    // An empty key would fold everything into one alert.
    if row.signature.isAbsent { row.signature = appendDefaultKey(row, to: &bytes) }
    if !isRead, lacksLabel(verdict.key, labels) { tellApart(&row.signature, text: text, in: &bytes) }
    if !verdict.summary.isAbsent {
      row.summary = append(verdict.summary, row: row, labels: labels, to: &bytes)
    }
  }

  /// Whether `describe` looks at the text: for the winner's groups.
  package func readsText(_ decision: Decision) -> Bool {
    decision.isMatched && snapshot.verdicts[Int(decision.rule)].regex >= 0
  }

  /// The part of it that no pattern has to be run for: who, what, for whom, by which rule.
  package func outline(
    _ decision: Decision, event: Event, datagram: Span<UInt8>, row: inout EventRow, bytes: inout [UInt8]
  ) {
    row.hostFrom = decision.hostFrom
    row.environment = decision.environment
    row.teamFrom = decision.teamFrom
    row.forwards = decision.forwards
    row.host = appendHost(decision, event: event, datagram: datagram, to: &bytes)
    row.handling = snapshot.append(decision.handling, to: &bytes)
    row.team = snapshot.append(decision.team, to: &bytes)
    row.deviceTeam = snapshot.append(decision.deviceTeam, to: &bytes)
    guard decision.isMatched else { return }
    let verdict = snapshot.verdicts[Int(decision.rule)]
    row.ruleID = verdict.id
    row.ruleVersion = verdict.version
    row.ruleName = snapshot.append(verdict.name, to: &bytes)
  }

  /// The rule that won has this name, or this id; `id` 0: none.
  package func isWinner(of decision: Decision, named name: Span<UInt8>, id: Int64) -> Bool {
    guard decision.isMatched else { return false }
    let verdict = snapshot.verdicts[Int(decision.rule)]
    if id != 0, verdict.id == id { return true }
    let texts = snapshot.texts.bytes
    let range = snapshot.texts.range(verdict.name)
    guard range.count == name.count else { return false }
    for offset in 0..<name.count where texts[range.start + offset] != name[offset] { return false }
    return true
  }

  /// The device's name, else the claim's text, else the address; absent when there is none of them.
  package func appendHost(
    _ decision: Decision, event: Event, datagram: Span<UInt8>, to bytes: inout [UInt8]
  ) -> ByteRange {
    if !decision.deviceName.isNone { return snapshot.append(decision.deviceName, to: &bytes) }
    if decision.hostAddress == .unspecified {
      if event.source == .trap { return .absent }
      return SafeText.append(datagram, event.host.withoutRoot(in: datagram), to: &bytes)
    }
    let start = bytes.count
    bytes.append(address: decision.hostAddress)
    return ByteRange(start, bytes.count)
  }

  private func setSeverity(_ verdict: Verdict, event: Event, row: inout EventRow) {
    if verdict.alertSeverity >= 0 {
      row.alertSeverity = verdict.alertSeverity
      row.severityFrom = .rule
    } else {
      row.alertSeverity = Syslog.alertSeverity(event.severity)
      row.severityFrom = event.severity >= 0 ? .syslog : .default
    }
  }

  /// Adds the winner's named groups. False: they take more than PCRE2 may take, there are none, and the event
  /// goes on.
  private mutating func capture(_ verdict: Verdict, text: Span<UInt8>, labels: inout LabelSet) -> Bool {
    var budget = RegexScratch.budget
    switch regexScratch.search(snapshot.regexes[Int(verdict.regex)], in: text, budget: &budget) {
    case .found: break
    case .notFound: return true
    case .outOfSteps, .outOfMemory:
      exhaustions.note(Int(verdict.regex), .labels)
      return false
    }
    if labels.entries.isEmpty {
      addGroups(verdict, text: text, to: &labels)
      return true
    }
    // A set keeps the first of a name, so the groups go into the other one and the varbinds follow.
    swap(&labels, &spareLabels)
    labels.clear()
    addGroups(verdict, text: text, to: &labels)
    for index in 0..<spareLabels.entries.count {
      let entry = spareLabels.entries[index]
      let name = labels.bytes.append(spareLabels.bytes.span, entry.name)
      let value = labels.bytes.append(spareLabels.bytes.span, entry.value)
      labels.add(name: name, value: value)
    }
    return true
  }

  /// A label that the template names is not there.
  private func lacksLabel(_ template: ByteRange, _ labels: LabelSet) -> Bool {
    let names = snapshot.texts.bytes
    for index in template.bounds where snapshot.pieces[index].kind == .label {
      let name = snapshot.texts.range(snapshot.pieces[index].text)
      guard labels.value(of: names.span, name) != nil else { return true }
    }
    return false
  }

  /// A key whose labels nobody could read says the same of every interface, and receivers would fold them
  /// into one. The text tells them apart: it folds with itself alone. `core1::link-down::~8c1f0b2e55d9a734`.
  private func tellApart(_ signature: inout ByteRange, text: Span<UInt8>, in bytes: inout [UInt8]) {
    let start = bytes.count - Int(signature.count)
    bytes.append(ascii: bytes.last == UInt8(ascii: ":") ? "~" : "::~")
    let hash = FNV1a.hash(text)
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      bytes.append(hexByte: UInt8(truncatingIfNeeded: hash >> shift))
    }
    signature = ByteRange(start, bytes.count)
  }

  private func addGroups(_ verdict: Verdict, text: Span<UInt8>, to labels: inout LabelSet) {
    for index in verdict.groups.bounds {
      let group = snapshot.groups[index]
      guard let range = regexScratch.group(Int(group.number)) else { continue }
      let name = snapshot.append(group.name, to: &labels.bytes)
      let value = labels.bytes.append(text, range)
      labels.add(name: name, value: value)
    }
  }

  /// Absent when it says nothing: neither a word of the template's own nor anything of the event.
  private func append(
    _ template: ByteRange, row: EventRow, labels: LabelSet, to bytes: inout [UInt8]
  ) -> ByteRange {
    let start = bytes.count
    let names = snapshot.texts.bytes
    var says = false
    for index in template.bounds {
      let piece = snapshot.pieces[index]
      let before = bytes.count
      switch piece.kind {
      case .literal: _ = snapshot.append(piece.text, to: &bytes)
      case .host: bytes.appendOwn(row.host)
      case .rule: bytes.appendOwn(row.ruleName)
      case .label:
        let name = snapshot.texts.range(piece.text)
        guard let value = labels.value(of: names.span, name) else { continue }
        SafeText.append(labels.bytes.span, value, to: &bytes)
      }
      if !says { says = bytes.says(from: before, asText: piece.kind == .literal) }
    }
    if says { return ByteRange(start, bytes.count) }
    bytes.removeLast(bytes.count - start)
    return .absent
  }

  /// `Template.defaultKey` of this row.
  private func appendDefaultKey(_ row: EventRow, to bytes: inout [UInt8]) -> ByteRange {
    let start = bytes.count
    bytes.appendOwn(row.host)
    bytes.append(ascii: "::")
    bytes.appendOwn(row.ruleName)
    return ByteRange(start, bytes.count)
  }
}

extension [UInt8] {
  /// Appends a part of this array once more.
  fileprivate mutating func appendOwn(_ range: ByteRange) {
    for index in range.bounds { append(self[index]) }
  }

  /// Something stands here besides spaces; of a template's own text, besides what only separates.
  fileprivate func says(from start: Int, asText isText: Bool) -> Bool {
    for index in start..<count {
      let byte = self[index]
      if isText ? isWord(byte) : byte > 0x20 && byte != 0x7F { return true }
    }
    return false
  }
}

package import Model

/// The `mutt` format (schema `mutt/1`): MUTT's keys flat on top with their types, the rest under
/// `custom_info` in the names of the Elastic Common Schema. Fixed order of keys; absent is `null`.
package struct MuttPayload: Sendable {
  private let node: Int
  private let agentLocation: String

  /// `node`: 0...1023. `agentLocation`: the name of the host this daemon runs on.
  package init(node: Int, agentLocation: String) {
    self.node = node
    self.agentLocation = agentLocation
  }

  /// Appends the payload of `row`, whose ranges point into `bytes`, as one line without its end.
  package func append(
    _ row: EventRow, of bytes: Span<UInt8>, includesRaw: Bool, to target: inout [UInt8]
  ) {
    appendTop(row, bytes, to: &target)
    target.append(ascii: ",\"custom_info\":{\"@timestamp\":\"")
    target.append(rfc3339: row.time)
    appendEvent(row, bytes, includesRaw: includesRaw, to: &target)
    target.append(ascii: ",\"host\":{\"name\":")
    JSONText.append(bytes, row.host, to: &target)
    target.append(ascii: "},\"source\":{\"ip\":")
    append(address: row.peer, to: &target)
    target.append(ascii: "},\"log\":")
    appendLog(row, bytes, to: &target)
    target.append(ascii: ",\"snmp\":")
    append(object: row.source == .trap ? row.snmp : .absent, bytes, to: &target)
    appendRule(row, bytes, to: &target)
    target.append(ascii: ",\"service\":{\"environment\":\"")
    target.append(ascii: row.environment.name)
    target.append(ascii: "\"},\"mutt\":")
    appendDecision(row, bytes, to: &target)
    target.append(ascii: "}}")
  }

  private func appendTop(_ row: EventRow, _ bytes: Span<UInt8>, to target: inout [UInt8]) {
    target.append(ascii: "{\"schema\":\"mutt/1\",\"signature\":")
    JSONText.append(bytes, row.signature, to: &target)
    target.append(ascii: ",\"source_id\":")
    JSONText.append(bytes, row.host, to: &target)
    target.append(ascii: ",\"external_id\":\"")
    target.append(decimal: row.id.rawValue)
    target.append(ascii: "\",\"manager\":\"MUTT\",\"source\":\"muttd\",\"class\":")
    JSONText.append(bytes, row.team, to: &target)
    target.append(ascii: ",\"agent\":\"muttd\",\"agent_location\":")
    JSONText.append(agentLocation, to: &target)
    target.append(ascii: ",\"type\":")
    JSONText.append(bytes, row.ruleName, to: &target)
    target.append(ascii: ",\"severity\":")
    target.append(decimal: Int64(row.alertSeverity))
    target.append(ascii: ",\"description\":")
    appendDescription(row, bytes, to: &target)
    target.append(ascii: ",\"agent_time\":")
    target.append(decimal: row.time.seconds)
  }

  private func appendDescription(_ row: EventRow, _ bytes: Span<UInt8>, to target: inout [UInt8]) {
    if !row.summary.isAbsent || row.host.isAbsent || row.message.isAbsent {
      let only = !row.summary.isAbsent ? row.summary : row.message.isAbsent ? row.host : row.message
      return JSONText.append(bytes, only, to: &target)
    }
    target.append(UInt8(ascii: "\""))
    JSONText.appendEscaped(bytes.extracting(row.host.bounds), to: &target)
    target.append(ascii: ": ")
    JSONText.appendEscaped(bytes.extracting(row.message.bounds), to: &target)
    target.append(UInt8(ascii: "\""))
  }

  private func appendEvent(
    _ row: EventRow, _ bytes: Span<UInt8>, includesRaw: Bool, to target: inout [UInt8]
  ) {
    target.append(ascii: "\",\"event\":{\"id\":\"")
    target.append(decimal: row.id.rawValue)
    target.append(ascii: "\",\"kind\":\"alert\",\"created\":\"")
    target.append(rfc3339: row.arrival)
    target.append(ascii: "\",\"original\":")
    JSONText.append(bytes, includesRaw ? row.raw : .absent, to: &target)
    target.append(ascii: "},\"message\":")
    JSONText.append(bytes, row.message, to: &target)
  }

  /// `log` belongs to syslog alone. A Cisco mnemonic is kept in `msgid` by the decoder; here it has a key of
  /// its own, because it is none of RFC 5424's MSGIDs.
  private func appendLog(_ row: EventRow, _ bytes: Span<UInt8>, to target: inout [UInt8]) {
    guard row.source == .syslog else { return target.append(ascii: "null") }
    target.append(ascii: "{\"syslog\":{\"priority\":")
    if row.facility >= 0, row.severity >= 0 {
      target.append(decimal: Int(row.facility) * 8 + Int(row.severity))
    } else {
      target.append(ascii: "null")
    }
    target.append(ascii: ",\"facility\":")
    append(code: row.facility, name: Syslog.facilityName(row.facility), to: &target)
    target.append(ascii: ",\"severity\":")
    append(code: row.severity, name: Syslog.severityName(row.severity), to: &target)
    target.append(ascii: ",\"hostname\":")
    JSONText.append(bytes, row.headerHost, to: &target)
    target.append(ascii: ",\"appname\":")
    JSONText.append(bytes, row.app, to: &target)
    target.append(ascii: ",\"procid\":")
    JSONText.append(bytes, row.procid, to: &target)
    target.append(ascii: ",\"msgid\":")
    JSONText.append(bytes, mnemonic(row, bytes).isAbsent ? row.msgid : .absent, to: &target)
    target.append(ascii: "}}")
  }

  private func appendRule(_ row: EventRow, _ bytes: Span<UInt8>, to target: inout [UInt8]) {
    if row.ruleID != 0 {
      target.append(ascii: ",\"rule\":{\"id\":\"")
      target.append(decimal: row.ruleID)
      target.append(ascii: "\",\"name\":")
    } else {
      target.append(ascii: ",\"rule\":{\"id\":null,\"name\":")
    }
    JSONText.append(bytes, row.ruleName, to: &target)
    if row.ruleID != 0 {
      target.append(ascii: ",\"version\":\"")
      target.append(decimal: Int64(row.ruleVersion))
      target.append(ascii: "\",\"reference\":")
    } else {
      target.append(ascii: ",\"version\":null,\"reference\":")
    }
    JSONText.append(bytes, row.ruleReference, to: &target)
    target.append(UInt8(ascii: "}"))
  }

  private func appendDecision(_ row: EventRow, _ bytes: Span<UInt8>, to target: inout [UInt8]) {
    target.append(ascii: "{\"handling\":")
    JSONText.append(bytes, row.handling, to: &target)
    target.append(ascii: ",\"team\":")
    JSONText.append(bytes, row.team, to: &target)
    append(word: row.teamFrom.name, key: ",\"team_from\":", to: &target)
    append(word: row.hostFrom.name, key: ",\"host_from\":", to: &target)
    append(word: row.clock.name, key: ",\"clock\":", to: &target)
    append(word: row.parse.name, key: ",\"parse\":", to: &target)
    target.append(ascii: ",\"mnemonic\":")
    JSONText.append(bytes, mnemonic(row, bytes), to: &target)
    append(word: row.severityFrom.name, key: ",\"severity_from\":", to: &target)
    target.append(ascii: ",\"labels\":")
    append(object: row.labels, bytes, to: &target)
    target.append(ascii: ",\"device\":")
    append(object: row.deviceAttributes, bytes, to: &target)
    target.append(ascii: row.isTruncated ? ",\"truncated\":true,\"node\":" : ",\"truncated\":false,\"node\":")
    target.append(decimal: node)
    target.append(UInt8(ascii: "}"))
  }

  private func mnemonic(_ row: EventRow, _ bytes: Span<UInt8>) -> ByteRange {
    guard row.source == .syslog, row.app.isAbsent, !row.message.isAbsent, !row.message.isEmpty,
      bytes[row.message.start] == UInt8(ascii: "%")
    else { return .absent }
    return row.msgid
  }

  private func append(code: Int8, name: StaticString?, to target: inout [UInt8]) {
    guard let name else { return target.append(ascii: "null") }
    target.append(ascii: "{\"code\":")
    target.append(decimal: Int64(code))
    append(word: name, key: ",\"name\":", to: &target)
    target.append(UInt8(ascii: "}"))
  }

  private func append(word: StaticString, key: StaticString, to target: inout [UInt8]) {
    target.append(ascii: key)
    target.append(UInt8(ascii: "\""))
    target.append(ascii: word)
    target.append(UInt8(ascii: "\""))
  }

  private func append(address: IPAddress, to target: inout [UInt8]) {
    if address.isUnspecified { return target.append(ascii: "null") }
    target.append(UInt8(ascii: "\""))
    target.append(address: address)
    target.append(UInt8(ascii: "\""))
  }

  /// A complete JSON object as it stands in the batch.
  private func append(object range: ByteRange, _ bytes: Span<UInt8>, to target: inout [UInt8]) {
    if range.isAbsent || range.isEmpty { return target.append(ascii: "null") }
    target.append(bytes, range)
  }
}

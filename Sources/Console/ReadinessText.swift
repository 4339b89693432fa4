import Model

extension Readiness {
  /// Problems in one answer: thousands of quarantined rules must not make it megabytes.
  package static var problemLimit: Int { 200 }

  /// 503 only when datagrams should go elsewhere.
  package var httpStatus: Int { status == .failed ? 503 : 200 }

  /// One line of JSON, keys in the order of DESIGN §10; what a problem does not have is left out.
  package func appendJSON(to bytes: inout [UInt8]) {
    bytes.append(ascii: "{\"status\":\"")
    bytes.append(text: status.rawValue)
    bytes.append(ascii: "\",\"version\":")
    JSONText.append(version, to: &bytes)
    append(",\"node\":", UInt64(max(0, node)), to: &bytes)
    append(",\"uptime_s\":", uptime, to: &bytes)
    bytes.append(ascii: ",\"problems\":[")
    for (index, problem) in problems.prefix(Readiness.problemLimit).enumerated() {
      if index > 0 { bytes.append(ascii: ",") }
      problem.appendJSON(to: &bytes)
    }
    bytes.append(ascii: "]")
    if problems.count > Readiness.problemLimit {
      append(",\"problems_left_out\":", UInt64(problems.count - Readiness.problemLimit), to: &bytes)
    }
    appendParts(to: &bytes)
    bytes.append(ascii: "}\n")
  }

  private func appendParts(to bytes: inout [UInt8]) {
    append(",\"intake\":{\"ok\":", intake.isOK, to: &bytes)
    append(",\"kernel_dropped\":", intake.kernelDropped, to: &bytes)
    append("},\"rules\":{\"active\":", UInt64(max(0, rules.active)), to: &bytes)
    append(",\"quarantined\":", UInt64(max(0, rules.quarantined)), to: &bytes)
    append(",\"generation\":", rules.generation, to: &bytes)
    bytes.append(ascii: ",\"age_s\":")
    if let age = rules.age { bytes.append(decimal: age) } else { bytes.append(ascii: "null") }
    bytes.append(ascii: ",\"from\":")
    JSONText.append(rules.from, to: &bytes)
    append("},\"store\":{\"up\":", store.isUp, to: &bytes)
    append(",\"audit_pending\":", store.auditPending, to: &bytes)
    append(",\"audit_shed\":", store.auditShed, to: &bytes)
    append("},\"outbox\":{\"bytes\":", outbox.bytes, to: &bytes)
    append(",\"pending\":", outbox.pending, to: &bytes)
    append(",\"dead\":", outbox.dead, to: &bytes)
    append(",\"unrouted\":", outbox.unrouted, to: &bytes)
    append("},\"disk\":{\"free_bytes\":", disk.freeBytes, to: &bytes)
    append(",\"ok\":", disk.isOK, to: &bytes)
    bytes.append(ascii: "}")
  }
}

extension Readiness.Problem {
  fileprivate func appendJSON(to bytes: inout [UInt8]) {
    bytes.append(ascii: "{\"check\":")
    JSONText.append(check, to: &bytes)
    bytes.append(ascii: ",\"name\":")
    JSONText.append(name, to: &bytes)
    bytes.append(ascii: ",\"state\":")
    JSONText.append(state, to: &bytes)
    if let since {
      bytes.append(ascii: ",\"since\":\"")
      bytes.append(rfc3339: since, digits: 0)
      bytes.append(ascii: "\"")
    }
    if let reason {
      bytes.append(ascii: ",\"reason\":")
      JSONText.append(reason, to: &bytes)
    }
    if let pending { append(",\"pending\":", pending, to: &bytes) }
    if let oldestAge { append(",\"oldest_s\":", oldestAge, to: &bytes) }
    bytes.append(ascii: ",\"do\":")
    JSONText.append(`do`, to: &bytes)
    bytes.append(ascii: "}")
  }
}

private func append(_ key: StaticString, _ value: UInt64, to bytes: inout [UInt8]) {
  bytes.append(ascii: key)
  bytes.append(decimal: value)
}

private func append(_ key: StaticString, _ value: Int64, to bytes: inout [UInt8]) {
  bytes.append(ascii: key)
  bytes.append(decimal: value)
}

private func append(_ key: StaticString, _ value: Bool, to bytes: inout [UInt8]) {
  bytes.append(ascii: key)
  bytes.append(text: value ? "true" : "false")
}

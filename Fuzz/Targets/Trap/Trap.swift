import Model
import Probe
import Wire

/// Any packet on the trap socket.
@c(LLVMFuzzerTestOneInput)
public func trap(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  return bounded { check(bytes) }
}

private func check(_ bytes: [UInt8]) -> CInt {
  var trap = Trap()
  let verdict = TrapDecoder().decode(bytes.span, into: &trap)
  switch verdict {
  case .malformed(let fault):
    claim(fault.offset >= 0 && fault.offset <= bytes.count, "a fault at \(fault.offset) of \(bytes.count)")
  case .secured: checkSecured(bytes)
  case .notANotification(let tag):
    claim([0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA8].contains(tag), "\(tag) is no PDU")
  case .notification:
    let promises = TrapPromises(bytes: bytes, trap: trap)
    promises.check()
    promises.checkUsedMemory()
    promises.checkCommunity()
    promises.checkResponse()
    promises.checkRoundTrip()
  }
  checkScoped(bytes)
  return 0
}

/// An SNMPv3 envelope: whatever lengths it claims, its parts lie in the datagram.
private func checkSecured(_ bytes: [UInt8]) {
  let message: SecuredMessage
  do throws(TrapFault) {
    message = try SecuredMessage(bytes.span)
  } catch {
    return claim(error.offset >= 0 && error.offset <= bytes.count, "a fault at \(error.offset)")
  }
  for part in [message.engineID, message.user, message.digest, message.salt, message.data] {
    claim(!part.isAbsent && part.end <= bytes.count, "a part ends at \(part.end) of \(bytes.count)")
  }
  claim(message.engineID.count <= 32 && message.user.count <= 32, "an id of \(message.engineID.count) bytes")
  claim(message.isAuthenticated || !message.isEncrypted, "encrypted and not authenticated")
}

/// What may stand in an SNMPv3 message, as it would come out of it.
private func checkScoped(_ bytes: [UInt8]) {
  var trap = Trap()
  guard TrapDecoder().decodeScoped(bytes.span, into: &trap) == .notification else { return }
  claim(trap.version == .v3, "version \(trap.version)")
  var text: [UInt8] = []
  claim(trap.appendText(bytes.span, to: &text).end == text.count, "the text ends elsewhere")
  var response: [UInt8] = []
  TrapEncoder.appendResponse(to: trap, bytes.span, to: &response)
  claim(response.count <= bytes.count, "the response is longer than its inform")
}

/// What holds of every notification that was decoded.
struct TrapPromises {
  let bytes: [UInt8]
  let trap: Trap

  /// Everything that is written from a trap.
  struct Forms: Equatable {
    var line: [UInt8] = []
    var raw: [UInt8] = []
    var snmp: [UInt8] = []
    var labels: [UInt8] = []
    var labelCount: Int

    init(_ trap: Trap, _ bytes: [UInt8]) {
      var trap = trap
      var set = LabelSet()
      trap.appendLabels(bytes.span, to: &set)
      set.appendJSON(to: &labels)
      labelCount = set.entries.count
      let line = trap.appendText(bytes.span, to: &line)
      let raw = trap.appendRawJSON(bytes.span, to: &raw)
      let snmp = trap.appendSNMPJSON(bytes.span, to: &snmp)
      claim(
        line.bounds == 0..<self.line.count && raw.bounds == 0..<self.raw.count
          && snmp.bounds == 0..<self.snmp.count, "a text lies elsewhere")
    }
  }

  func check() {
    var ranges = [trap.community]
    for varbind in trap.varbinds { ranges += [varbind.oid, varbind.value] }
    for range in ranges {
      claim(!range.isAbsent && range.end <= bytes.count, "\(range) lies outside of \(bytes.count) bytes")
    }
    claim(trap.varbinds.count <= Trap.varbindLimit, "\(trap.varbinds.count) varbinds")
    claim(!trap.trapOID.isEmpty, "no trap OID")
    claim(trap.uptimeTicks >= -1 && trap.uptimeTicks <= Int64(UInt32.max), "uptime is \(trap.uptimeTicks)")
    let isV1 = trap.version == .v1
    claim(isV1 ? (0...6).contains(trap.genericTrap) : trap.genericTrap == -1, "generic \(trap.genericTrap)")
    claim(isV1 ? trap.specificTrap >= 0 : trap.specificTrap == -1, "specific \(trap.specificTrap)")

    let forms = Forms(trap, bytes)
    claimClean(forms.line[...], "the line")
    claim(!forms.line.contains { $0 < 0x20 || $0 == 0x7F }, "the line holds a control character")
    // The varbind that reaches the limit is the last one, whole: its name and its value in hexadecimal.
    claim(forms.line.count < Trap.textLimit + 4 * bytes.count + 64, "the line has \(forms.line.count) bytes")
    JSONShape.claimObject(forms.raw[...], "raw_message")
    JSONShape.claimObject(forms.snmp[...], "the snmp object")
    JSONShape.claimObject(forms.labels[...], "the labels")
    claim(forms.labelCount <= LabelSet.limit, "\(forms.labelCount) labels")
  }

  /// A worker decodes every packet into the same trap.
  func checkUsedMemory() {
    var used = trap
    let shorter = Array(bytes.dropLast())
    _ = TrapDecoder().decode(shorter.span, into: &used)
    let verdict = TrapDecoder().decode(bytes.span, into: &used)
    claim(verdict == .notification, "\(verdict) when decoded again")
    claim(Forms(used, bytes) == Forms(trap, bytes), "another trap when decoded again")
    claim(used.agentAddress == trap.agentAddress && used.requestID == trap.requestID, "other fields")
  }

  /// Nothing that is written depends on the community.
  func checkCommunity() {
    var other = bytes
    for index in trap.community.bounds { other[index] = ~other[index] }
    var changed = Trap()
    claim(TrapDecoder().decode(other.span, into: &changed) == .notification, "the community is checked")
    claim(Forms(changed, other) == Forms(trap, bytes), "the community is written somewhere")
  }

  /// An inform is answered by a packet of its own length but for what stands behind it, a trap by none.
  func checkResponse() {
    var response: [UInt8] = []
    TrapEncoder.appendResponse(to: trap, bytes.span, to: &response)
    guard trap.kind == .inform else { return claim(response.isEmpty, "a trap is answered") }
    var answer = Trap()
    let verdict = TrapDecoder().decode(response.span, into: &answer)
    claim(response.count <= bytes.count, "the answer is longer than its inform")
    var bare = Trap()
    let inform = Array(bytes.prefix(response.count))
    claim(TrapDecoder().decode(inform.span, into: &bare) == .notification, "the answer is cut off")
    claim(verdict == .notANotification(pduTag: 0xA2), "the answer is \(verdict)")
  }
}

internal import CNetSNMP
package import Model

/// MIB files, parsed by net-snmp into objects. At start only: the parser is global to the process, not locked
/// against other uses of net-snmp, and not quick (a thousand files take tens of seconds).
package struct MIBFiles: Sendable {
  /// A complaint of the parser: a module that is missing, a definition that cannot be read.
  package struct Problem: Equatable, Sendable {
    /// The parser's words, without the place.
    package var reason: String
    /// Empty, and 0, where the parser names none.
    package var file = ""
    package var line: Int64 = 0
  }

  /// More objects than all public MIBs of the large vendors together have; what comes after is left out.
  package static var objectLimit: Int { 200_000 }
  /// A broken module makes others complain: the first say what is wrong.
  package static var problemLimit: Int { 100 }

  package private(set) var objects: [MIBObject] = []
  package private(set) var problems: [Problem] = []
  /// Complaints beyond `problemLimit`.
  package private(set) var furtherProblems = 0
  /// There were more objects than `objectLimit`.
  package private(set) var isCut = false

  /// Reads every file of the directories and the single files among `paths`; what is neither is left out.
  package init(_ paths: [String]) {
    let lines = paths.filter { !$0.utf8.contains(UInt8(ascii: "\n")) }.joined(separator: "\n")
    unsafe withUnsafeMutablePointer(to: &self) { reading in
      unsafe mutt_mib_read(
        lines,
        { context, object in
          guard let context = unsafe context, let object = unsafe object else { return 1 }
          let reading = unsafe context.assumingMemoryBound(to: MIBFiles.self)
          return unsafe reading.pointee.take(object.pointee) ? 0 : 1
        },
        { context, line in
          guard let context = unsafe context, let line = unsafe line else { return }
          unsafe context.assumingMemoryBound(to: MIBFiles.self).pointee.complain(String(cString: line))
        }, reading)
    }
  }

  /// False when nothing more is wanted.
  private mutating func take(_ found: mutt_mib_object) -> Bool {
    guard objects.count < MIBFiles.objectLimit else {
      isCut = true
      return false
    }
    var object = unsafe MIBObject(
      oid: Array(UnsafeBufferPointer(start: found.oid, count: found.oid_count)),
      name: String(cString: found.name))
    let convention = unsafe String(cString: found.convention)
    let hint = unsafe String(cString: found.hint)
    switch unsafe Int(found.kind) {
    case MUTT_MIB_NOTIFICATION: object.syntax = .notification
    case MUTT_MIB_BITS: object.syntax = .bits
    case MUTT_MIB_OCTETS:
      object.syntax = ObjectSyntax(convention: convention, hint: hint)
      if object.syntax == .hint { object.hint = hint }
    default: if convention == "InetAddressType" { object.syntax = .inetAddressType }
    }
    let labels = unsafe found.label_count
    for index in 0..<labels {
      guard let word = unsafe found.words[index] else { continue }
      object.labels.append(unsafe MIBObject.Label(value: found.values[index], word: String(cString: word)))
    }
    objects.append(object)
    return true
  }

  private mutating func complain(_ line: String) {
    guard problems.count < MIBFiles.problemLimit else {
      furtherProblems += 1
      return
    }
    let problem = MIBFiles.problem(line)
    if !problems.contains(problem) { problems.append(problem) }
  }

  /// `Cannot find module (X-MIB): At line 3 in /path/Y-MIB.txt`
  static func problem(_ text: String) -> Problem {
    let mark = Array(": At line ".utf8)
    let bytes = Array(text.utf8)
    let none = Problem(reason: text)
    guard
      let start = bytes.indices.dropLast(mark.count).first(where: {
        bytes[$0..<$0 + mark.count].elementsEqual(mark)
      })
    else { return none }
    var at = start + mark.count
    var line: Int64 = 0
    while at < bytes.count, isDigit(bytes[at]), line < 1_000_000_000 {
      line = line * 10 + Int64(bytes[at] - UInt8(ascii: "0"))
      at += 1
    }
    let between = Array(" in ".utf8)
    guard line > 0, bytes[at...].starts(with: between) else { return none }
    return Problem(
      reason: String(decoding: bytes[..<start], as: UTF8.self),
      file: String(decoding: bytes[(at + between.count)...], as: UTF8.self), line: line)
  }
}

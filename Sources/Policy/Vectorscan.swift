import CVectorscan
import Model

// The one file that sees Vectorscan. All patterns of a rule set stand in one automaton, so that an event
// is read once however many rules there are.

/// A pattern as Vectorscan takes it.
struct ScanPattern: Sendable, Equatable {
  /// Vectorscan's dialect, without NUL.
  var expression: String
  /// Folds case by Unicode and reads valid UTF-8 only; otherwise bytes, and A-Z fold.
  var isUnicode: Bool
  /// Holds at least where the pattern does; what cannot be expressed counts as held.
  var isPrefilter = false
  /// Reported when the pattern holds; its place in the set.
  var number: UInt32 = 0

  fileprivate var flags: UInt32 {
    // SINGLEMATCH: once per event is all we need. ALLOWEMPTY: `a*` holds for every text, as in any engine.
    var flags =
      HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY
    if isUnicode { flags |= HS_FLAG_UTF8 | HS_FLAG_UCP }
    if isPrefilter { flags |= HS_FLAG_PREFILTER }
    return UInt32(flags)
  }

  enum Reading: Equatable {
    /// Each match has at least this many bytes; 0: the empty text holds.
    case accepted(leastWidth: UInt32)
    case refused(String)
  }

  /// What Vectorscan's parser says to the pattern. Far cheaper than compiling, unless counts make it large.
  func read() -> Reading {
    var info: UnsafeMutablePointer<hs_expr_info_t>? = nil
    var failure: UnsafeMutablePointer<hs_compile_error_t>? = nil
    let status = unsafe hs_expression_info(expression, flags, &info, &failure)
    defer { unsafe free(info) }
    guard status == HS_SUCCESS, let info = unsafe info else {
      return .refused(unsafe ScanDatabase.takeMessage(failure).text)
    }
    return .accepted(leastWidth: unsafe info.pointee.min_width)
  }
}

/// A compiled set of patterns. Immutable: any number of threads may scan with it, each with its own scratch.
@safe final class ScanDatabase: Sendable {
  // Sound: Vectorscan never writes to a database once it is made, and only `deinit` frees it.
  fileprivate nonisolated(unsafe) let pointer: OpaquePointer

  private init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  deinit { unsafe hs_free_database(pointer) }

  /// Bytes the database takes.
  var size: Int {
    var bytes = 0
    guard unsafe hs_database_size(pointer, &bytes) == HS_SUCCESS else { return 0 }
    return bytes
  }

  enum Outcome {
    case compiled(ScanDatabase)
    /// `index` is the culprit's place in the array; nil when the set as a whole was refused.
    case refused(index: Int?, message: String)
  }

  static func compile(_ patterns: [ScanPattern]) throws(PolicyError) -> Outcome {
    var text: [CChar] = []
    var starts: [Int] = []
    for pattern in patterns {
      starts.append(text.count)
      for byte in pattern.expression.utf8 { text.append(CChar(bitPattern: byte)) }
      text.append(0)
    }
    let flags = patterns.map(\.flags)
    let numbers = patterns.map(\.number)
    var database: OpaquePointer? = nil
    var failure: UnsafeMutablePointer<hs_compile_error_t>? = nil
    let status = unsafe text.withUnsafeBufferPointer { buffer in
      let expressions = unsafe starts.map { start in unsafe buffer.baseAddress.map { unsafe $0 + start } }
      return unsafe hs_compile_multi(
        expressions, flags, numbers, UInt32(patterns.count), UInt32(HS_MODE_BLOCK), nil, &database, &failure)
    }
    if status == HS_SUCCESS, let database = unsafe database {
      return unsafe .compiled(ScanDatabase(database))
    }
    let problem = unsafe takeMessage(failure)
    guard status == HS_COMPILER_ERROR else { throw engineError(status, doing: "compiling patterns") }
    let isCulprit = problem.index >= 0 && problem.index < patterns.count
    return .refused(index: isCulprit ? problem.index : nil, message: problem.text)
  }

  /// The database as bytes that another process on the same kind of processor can load; nil without memory.
  func serialized() -> [UInt8]? {
    var bytes: UnsafeMutablePointer<CChar>? = nil
    var count = 0
    guard unsafe hs_serialize_database(pointer, &bytes, &count) == HS_SUCCESS, let bytes = unsafe bytes
    else { return nil }
    defer { unsafe free(bytes) }
    return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// Nil when the bytes are damaged (Vectorscan keeps a checksum) or of another version or processor.
  convenience init?(serialized bytes: Span<UInt8>) {
    var database: OpaquePointer? = nil
    let status = unsafe bytes.withUnsafeBytes {
      unsafe hs_deserialize_database($0.bindMemory(to: CChar.self).baseAddress, $0.count, &database)
    }
    guard status == HS_SUCCESS, let database = unsafe database else { return nil }
    unsafe self.init(database)
  }

  /// What serialised bytes depend on besides the patterns.
  static var version: String { unsafe String(cString: hs_version()) }

  /// What the engine of this machine overlooks, as a sentence part; nil when it answers what it is asked
  /// rightly. Vectorscan 5.4.9 does not: with AVX-512 it overlooks a byte behind the first 64, and with AVX2
  /// too what follows a run that fills a vector.
  static let fault: String? = {
    let questions: [(expressions: [String], text: String)] = [
      (["b"], String(repeating: ".", count: 64) + "b"),
      (["a\\.*b"], String(repeating: ".", count: 16) + "ab"),
      (["ba*$"], "b" + String(repeating: "a", count: 17)),
      (["down", "wn", "^o", "ze"], String(repeating: "x", count: 15) + "down"),
    ]
    for (expressions, text) in questions where finds(expressions, in: Array(text.utf8)) == false {
      return "\(version) overlooks \(expressions[0]) in a text of \(text.utf8.count) bytes"
    }
    return nil
  }()

  /// Nil when the engine does not run at all, which compiling says better.
  private static func finds(_ expressions: [String], in text: [UInt8]) -> Bool? {
    var table = RuleTable()
    var patterns: [ScanPattern] = []
    for (number, expression) in expressions.enumerated() {
      patterns.append(ScanPattern(expression: expression, isUnicode: false, number: UInt32(number)))
      table.add(severity: nil, oid: nil, confirmation: -1)
    }
    table.connect(expressions.indices.map { Int32($0) }, count: expressions.count)
    guard let outcome = try? compile(patterns), case .compiled(let database) = outcome,
      let scratch = try? ScanScratch(for: [database])
    else { return nil }
    var candidates = Candidates(room: 0)
    var noOID = ObjectID()
    let rank = scratch.lowestRank(
      [database], text: text.span, severity: -1, trapOID: &noOID, table: table, limit: .max,
      candidates: &candidates)
    return rank == 0
  }

  /// Compiling leaves megabytes of free pages behind; an idle daemon should not hold them.
  static func returnFreePages() { malloc_trim(0) }

  /// Reads and frees an error of Vectorscan's compiler.
  fileprivate static func takeMessage(
    _ failure: UnsafeMutablePointer<hs_compile_error_t>?
  ) -> (text: String, index: Int) {
    guard let failure = unsafe failure else { return ("no reason given", -1) }
    let text = unsafe failure.pointee.message.map { unsafe String(cString: $0) } ?? "no reason given"
    let index = unsafe Int(failure.pointee.expression)
    unsafe hs_free_compile_error(failure)
    return (text, index)
  }

  fileprivate static func engineError(_ status: hs_error_t, doing: String) -> PolicyError {
    switch status {
    case HS_NOMEM:
      PolicyError(.outOfMemory, doing: doing, advice: "no memory left; raise the memory limit of the service")
    case HS_ARCH_ERROR:
      PolicyError(
        .engine, doing: doing,
        advice: "Vectorscan does not run on this processor (x86-64 needs SSSE3); use another machine")
    default:
      PolicyError(
        .engine, doing: doing,
        advice: "Vectorscan answered \(status); reinstall the package that libhs.so.5 belongs to")
    }
  }
}

/// The working memory of one thread for a set of databases.
@safe struct ScanScratch: ~Copyable {
  private let pointer: OpaquePointer?

  /// One scratch fits all `databases`; none are needed for a rule set without patterns.
  init(for databases: [ScanDatabase]) throws(PolicyError) {
    var scratch: OpaquePointer? = nil
    for database in databases {
      let status = unsafe hs_alloc_scratch(database.pointer, &scratch)
      guard status == HS_SUCCESS else {
        unsafe hs_free_scratch(scratch)
        throw ScanDatabase.engineError(status, doing: "preparing a matcher")
      }
    }
    unsafe pointer = scratch
  }

  deinit { unsafe hs_free_scratch(pointer) }

  /// The lowest rank below `limit` that the automaton decides alone and whose conditions hold; `limit` if
  /// none. Ranks that PCRE2 must confirm and that may come before it are added to `candidates`. `trapOID` is
  /// only read: what is borrowed would be copied to have an address.
  borrowing func lowestRank(
    _ databases: [ScanDatabase], text: Span<UInt8>, severity: Int8, trapOID: inout ObjectID,
    table: borrowing RuleTable, limit: UInt32, candidates: inout Candidates
  ) -> UInt32 {
    unsafe withUnsafePointer(to: &trapOID) { oid in
      var run = unsafe ScanRun(lowest: limit, severity: severity, oid: oid, hits: nil)
      unsafe scan(databases, text: text, table: table, run: &run, candidates: &candidates)
      return unsafe run.lowest
    }
  }

  /// Marks every rank that the automaton decides alone and whose pattern holds in `text`, whatever its other
  /// conditions say; all that PCRE2 must confirm are added to `candidates`.
  borrowing func markAll(
    _ databases: [ScanDatabase], text: Span<UInt8>, table: borrowing RuleTable, hits: inout [Bool],
    candidates: inout Candidates
  ) {
    let none = ObjectID()
    unsafe withUnsafePointer(to: none) { oid in
      unsafe hits.withUnsafeMutableBufferPointer { buffer in
        var run = unsafe ScanRun(lowest: .max, severity: -1, oid: oid, hits: buffer.baseAddress)
        unsafe scan(databases, text: text, table: table, run: &run, candidates: &candidates)
      }
    }
  }

  private borrowing func scan(
    _ databases: [ScanDatabase], text: Span<UInt8>, table: borrowing RuleTable, run: inout ScanRun,
    candidates: inout Candidates
  ) {
    unsafe table.conditions.withUnsafeBufferPointer { rules in
      unsafe table.arcs.withUnsafeBufferPointer { arcs in
        unsafe table.starts.withUnsafeBufferPointer { starts in
          unsafe table.ranks.withUnsafeBufferPointer { ranks in
            unsafe candidates.withRoom { room, count in
              unsafe run.rules = rules
              unsafe run.arcs = arcs
              unsafe run.starts = starts
              unsafe run.ranks = ranks
              unsafe run.candidates = room
              unsafe run.candidateCount = count
              // By index: an array's iterator allocates in a build that is not optimised.
              for index in databases.indices { unsafe scan(databases[index], text: text, run: &run) }
              unsafe count = run.candidateCount
            }
          }
        }
      }
    }
  }

  private borrowing func scan(_ database: ScanDatabase, text: Span<UInt8>, run: inout ScanRun) {
    unsafe text.withUnsafeBufferPointer { bytes in
      unsafe withUnsafeMutablePointer(to: &run) { run in
        // An empty span may have no address, and Vectorscan wants one.
        let start = unsafe bytes.baseAddress.map { unsafe UnsafeRawPointer($0) } ?? UnsafeRawPointer(run)
        let status = unsafe hs_scan(
          database.pointer, start.assumingMemoryBound(to: CChar.self), UInt32(bytes.count), 0, pointer,
          { number, _, _, _, context in unsafe ScanRun.note(number, context) }, run)
        precondition(
          status == HS_SUCCESS || status == HS_SCAN_TERMINATED, "hs_scan refused its arguments: \(status)")
      }
    }
  }
}

/// What the callback of one scan knows; lives on the stack of the scan.
@unsafe private struct ScanRun {
  var lowest: UInt32
  let severity: Int8
  let oid: UnsafePointer<ObjectID>
  /// Present: everything that holds is wanted, not the first alone.
  let hits: UnsafeMutablePointer<Bool>?
  var rules: UnsafeBufferPointer<RuleTable.Condition> = unsafe .init(start: nil, count: 0)
  var arcs: UnsafeBufferPointer<UInt32> = unsafe .init(start: nil, count: 0)
  var starts: UnsafeBufferPointer<UInt32> = unsafe .init(start: nil, count: 0)
  var ranks: UnsafeBufferPointer<UInt32> = unsafe .init(start: nil, count: 0)
  var candidates: UnsafeMutableBufferPointer<UInt32> = unsafe .init(start: nil, count: 0)
  var candidateCount = 0

  init(
    lowest: UInt32, severity: Int8, oid: UnsafePointer<ObjectID>, hits: UnsafeMutablePointer<Bool>?
  ) {
    unsafe self.lowest = lowest
    unsafe self.severity = severity
    unsafe self.oid = oid
    unsafe self.hits = hits
  }

  /// Not 0 ends the scan: nothing can beat the first rule.
  static func note(_ number: UInt32, _ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let run = unsafe context?.assumingMemoryBound(to: ScanRun.self) else { return 1 }
    var next = unsafe Int(run.pointee.starts[Int(number)])
    let end = unsafe Int(run.pointee.starts[Int(number) + 1])
    // Ranks of one pattern ascend, so the first that holds is the best of them.
    while next < end {
      let rank = unsafe run.pointee.ranks[next]
      next += 1
      let rule = unsafe run.pointee.rules[Int(rank)]
      if let hits = unsafe run.pointee.hits {
        if rule.confirmation >= 0 { unsafe add(rank, run) } else { unsafe hits[Int(rank)] = true }
        continue
      }
      guard unsafe rank < run.pointee.lowest else { return 0 }
      let holds = unsafe rule.holds(
        severity: run.pointee.severity, trapOID: run.pointee.oid.pointee, arcs: run.pointee.arcs.span)
      guard holds else { continue }
      if rule.confirmation >= 0 {
        unsafe add(rank, run)
        continue
      }
      unsafe run.pointee.lowest = rank
      return rank == 0 ? 1 : 0
    }
    return 0
  }

  /// There is room for every rank that needs confirming, and each pattern is reported once.
  private static func add(_ rank: UInt32, _ run: UnsafeMutablePointer<ScanRun>) {
    unsafe run.pointee.candidates[run.pointee.candidateCount] = rank
    unsafe run.pointee.candidateCount += 1
  }
}

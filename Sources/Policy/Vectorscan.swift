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
  /// Position of the rule in deciding order; reported when the pattern holds.
  var rank: UInt32 = 0

  fileprivate var flags: UInt32 {
    // SINGLEMATCH: once per event is all we need. ALLOWEMPTY: `a*` holds for every text, as in any engine.
    let always =
      HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY
    return UInt32(isUnicode ? always | HS_FLAG_UTF8 | HS_FLAG_UCP : always)
  }

  /// What Vectorscan's parser has against the pattern; nil when nothing. Far cheaper than compiling.
  var parserComplaint: String? {
    var info: UnsafeMutablePointer<hs_expr_info_t>? = nil
    var failure: UnsafeMutablePointer<hs_compile_error_t>? = nil
    let status = unsafe hs_expression_info(expression, flags, &info, &failure)
    unsafe free(info)
    if status == HS_SUCCESS { return nil }
    return unsafe ScanDatabase.takeMessage(failure).text
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
    let ranks = patterns.map(\.rank)
    var database: OpaquePointer? = nil
    var failure: UnsafeMutablePointer<hs_compile_error_t>? = nil
    let status = unsafe text.withUnsafeBufferPointer { buffer in
      let expressions = unsafe starts.map { start in unsafe buffer.baseAddress.map { unsafe $0 + start } }
      return unsafe hs_compile_multi(
        expressions, flags, ranks, UInt32(patterns.count), UInt32(HS_MODE_BLOCK), nil, &database, &failure)
    }
    if status == HS_SUCCESS, let database = unsafe database {
      return unsafe .compiled(ScanDatabase(database))
    }
    let problem = unsafe takeMessage(failure)
    guard status == HS_COMPILER_ERROR else { throw engineError(status, doing: "compiling patterns") }
    let isCulprit = problem.index >= 0 && problem.index < patterns.count
    return .refused(index: isCulprit ? problem.index : nil, message: problem.text)
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
      PolicyError(.engine, doing: doing, advice: "Vectorscan answered \(status); reinstall libhs5")
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

  /// The lowest rank below `limit` whose pattern holds in `text` and whose conditions hold; `limit` if none.
  borrowing func lowestRank(
    _ databases: [ScanDatabase], text: Span<UInt8>, severity: Int8, trapOID: borrowing ObjectID,
    conditions: RuleConditions, limit: UInt32
  ) -> UInt32 {
    unsafe withUnsafePointer(to: trapOID) { oid in
      var run = unsafe ScanRun(lowest: limit, severity: severity, oid: oid, hits: nil)
      unsafe scan(databases, text: text, conditions: conditions, run: &run)
      return unsafe run.lowest
    }
  }

  /// Marks every rank whose pattern holds in `text`, whatever its other conditions say, and returns the
  /// lowest for which those hold as well.
  borrowing func markAll(
    _ databases: [ScanDatabase], text: Span<UInt8>, severity: Int8, trapOID: borrowing ObjectID,
    conditions: RuleConditions, limit: UInt32, hits: inout [Bool]
  ) -> UInt32 {
    unsafe withUnsafePointer(to: trapOID) { oid in
      unsafe hits.withUnsafeMutableBufferPointer { buffer in
        var run = unsafe ScanRun(lowest: limit, severity: severity, oid: oid, hits: buffer.baseAddress)
        unsafe scan(databases, text: text, conditions: conditions, run: &run)
        return unsafe run.lowest
      }
    }
  }

  private borrowing func scan(
    _ databases: [ScanDatabase], text: Span<UInt8>, conditions: RuleConditions, run: inout ScanRun
  ) {
    unsafe conditions.rules.withUnsafeBufferPointer { rules in
      unsafe conditions.arcs.withUnsafeBufferPointer { arcs in
        unsafe run.rules = rules
        unsafe run.arcs = arcs
        // By index: an array's iterator allocates in a build that is not optimised, and this is per event.
        for index in databases.indices { unsafe scan(databases[index], text: text, run: &run) }
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
          { rank, _, _, _, context in unsafe ScanRun.note(rank, context) }, run)
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
  let hits: UnsafeMutablePointer<Bool>?
  var rules: UnsafeBufferPointer<RuleConditions.Entry> = unsafe .init(start: nil, count: 0)
  var arcs: UnsafeBufferPointer<UInt32> = unsafe .init(start: nil, count: 0)

  init(
    lowest: UInt32, severity: Int8, oid: UnsafePointer<ObjectID>, hits: UnsafeMutablePointer<Bool>?
  ) {
    unsafe self.lowest = lowest
    unsafe self.severity = severity
    unsafe self.oid = oid
    unsafe self.hits = hits
  }

  /// Not 0 ends the scan: nothing can beat the first rule.
  static func note(_ rank: UInt32, _ context: UnsafeMutableRawPointer?) -> Int32 {
    guard let run = unsafe context?.assumingMemoryBound(to: ScanRun.self) else { return 1 }
    if let hits = unsafe run.pointee.hits { unsafe hits[Int(rank)] = true }
    guard unsafe rank < run.pointee.lowest else { return 0 }
    let rule = unsafe run.pointee.rules[Int(rank)]
    let holds = unsafe rule.holds(
      severity: run.pointee.severity, trapOID: run.pointee.oid.pointee, arcs: run.pointee.arcs.span)
    guard holds else { return 0 }
    unsafe run.pointee.lowest = rank
    return unsafe rank == 0 && run.pointee.hits == nil ? 1 : 0
  }
}

import CPCRE2
import Model

// The one file that sees PCRE2. It checks the syntax of regexes, because its messages say where, and reads
// the named groups of a winner. Interpreted, never JIT: the service forbids memory that is both writable
// and executable.

/// What is wrong with a regex, and where.
struct RegexProblem: Error, Equatable {
  var message: String
  /// Bytes before the place where reading stopped.
  var offset: Int
}

/// A regex with its named groups. Immutable: any number of threads may match with it.
@safe final class Regex: Sendable {
  struct Group: Sendable, Equatable {
    var number: Int
    var name: String
  }

  // Sound: PCRE2 writes to compiled code only in its JIT, which is never called; only `deinit` frees it.
  fileprivate nonisolated(unsafe) let code: OpaquePointer
  /// Named groups by number.
  let groups: [Group]
  /// Groups, the whole match not counted.
  let groupCount: Int
  /// By place in the pattern: 0, or which of `walks` the item there is, from 1. Empty for most patterns.
  fileprivate let places: [UInt16]
  fileprivate let walks: [RegexWalk]

  /// `isUnicode`: pattern and text are UTF-8 and case folds by Unicode; otherwise bytes, and A-Z fold.
  init(_ pattern: String, isUnicode: Bool) throws(RegexProblem) {
    var options = PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C
    // A call before each item of the pattern is what the budget counts by.
    options |= PCRE2_AUTO_CALLOUT
    // A byte rule sees text that is not valid UTF-8, so its pattern must not ask for UTF by itself.
    options |= isUnicode ? PCRE2_UTF | PCRE2_UCP : PCRE2_NEVER_UTF | PCRE2_NEVER_UCP
    var failure: Int32 = 0
    var offset = 0
    let bytes = Array(pattern.utf8)
    let made = unsafe bytes.withUnsafeBufferPointer {
      unsafe pcre2_compile_8($0.baseAddress, bytes.count, options, &failure, &offset, nil)
    }
    guard let made = unsafe made else {
      throw RegexProblem(message: Regex.message(failure), offset: offset)
    }
    unsafe code = made
    var count: UInt32 = 0
    unsafe pcre2_pattern_info_8(made, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
    groupCount = Int(count)
    unsafe groups = Regex.names(made)
    let items = unsafe Regex.items(made, of: bytes.count)
    var behind: UInt32 = 0
    unsafe pcre2_pattern_info_8(made, UInt32(PCRE2_INFO_MAXLOOKBEHIND), &behind)
    var places = [UInt16](repeating: 0, count: bytes.count)
    var walks: [RegexWalk] = []
    for item in items where places[item.lowerBound] == 0 {
      let walk = RegexWalk(
        item: bytes[item], isUnicode: isUnicode, groups: groups, groupCount: groupCount,
        lookBehind: Int(behind))
      guard let walk else { continue }
      walks.append(walk)
      places[item.lowerBound] = UInt16(walks.count)
    }
    self.walks = walks
    self.places = walks.isEmpty ? [] : places
  }

  /// Where each item stands that PCRE2 calls before, in a pattern of `count` bytes.
  private static func items(_ code: OpaquePointer, of count: Int) -> [Range<Int>] {
    var items: [Range<Int>] = []
    unsafe withUnsafeMutablePointer(to: &items) { items in
      _ = unsafe pcre2_callout_enumerate_8(
        code,
        { block, items in
          guard let block = unsafe block,
            let items = unsafe items?.assumingMemoryBound(to: [Range<Int>].self)
          else { return 1 }
          let start = unsafe block.pointee.pattern_position
          let length = unsafe block.pointee.next_item_length
          unsafe items.pointee.append(start..<start + max(0, min(length, RuleCheck.patternLimit)))
          return 0
        }, items)
    }
    // Behind options at the end, as in `a(?i)`, PCRE2 10.42 names an item that is not there.
    return items.map { $0.clamped(to: 0..<count) }.filter { !$0.isEmpty }
  }

  deinit { unsafe pcre2_code_free_8(code) }

  /// What a pattern that was checked may be refused by, and the other way round.
  static var version: String {
    var text = [UInt8](repeating: 0, count: 64)
    _ = unsafe text.withUnsafeMutableBufferPointer {
      unsafe pcre2_config_8(UInt32(PCRE2_CONFIG_VERSION), $0.baseAddress)
    }
    return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func message(_ failure: Int32) -> String {
    var text = [UInt8](repeating: 0, count: 256)
    let length = unsafe text.withUnsafeMutableBufferPointer {
      unsafe pcre2_get_error_message_8(failure, $0.baseAddress, $0.count)
    }
    return length < 0 ? "error \(failure)" : String(decoding: text.prefix(Int(length)), as: UTF8.self)
  }

  /// Reads the name table: entries of one size, two bytes of group number, then the name and a NUL.
  private static func names(_ code: OpaquePointer) -> [Group] {
    var count: UInt32 = 0
    var size: UInt32 = 0
    var table: UnsafePointer<UInt8>? = nil
    unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMECOUNT), &count)
    unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMEENTRYSIZE), &size)
    unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_NAMETABLE), &table)
    guard let table = unsafe table else { return [] }
    var groups: [Group] = []
    for index in 0..<Int(count) {
      let entry = unsafe table + index * Int(size)
      let number = unsafe Int(entry[0]) << 8 | Int(entry[1])
      groups.append(Group(number: number, name: unsafe String(cString: entry + 2)))
    }
    return groups.sorted { $0.number < $1.number }
  }
}

/// Counts the steps of one search. An item alone is no measure: `a*` may walk over the whole text, and one
/// that fails after a long walk says nothing of it.
@safe private struct SearchMeter {
  var remaining: UInt64 = 0
  private var position = 0
  /// What is searched for, when it has items that may walk far and fail. It outlives the search.
  private let regex: Unmanaged<Regex>?

  init(remaining: UInt64 = 0, regex: Regex? = nil) {
    self.remaining = remaining
    let walker = regex.flatMap { $0.walks.isEmpty ? nil : $0 }
    unsafe self.regex = walker.map { unsafe Unmanaged.passUnretained($0) }
  }

  /// False when nothing is left.
  mutating func charge(_ block: UnsafeMutablePointer<pcre2_callout_block_8>) -> Bool {
    let position = unsafe block.pointee.current_position
    var bytes = (position &- self.position).magnitude
    self.position = position
    if let regex = unsafe regex {
      bytes &+= unsafe regex._withUnsafeGuaranteedRef { unsafe SearchMeter.walk($0, block) }
    }
    let cost = 1 &+ UInt64(bytes / 16)
    guard remaining >= cost else {
      remaining = 0
      return false
    }
    remaining &-= cost
    return true
  }

  /// Bytes that the item at hand may walk over and fail.
  private static func walk(_ regex: Regex, _ block: UnsafeMutablePointer<pcre2_callout_block_8>) -> UInt {
    let place = unsafe block.pointee.pattern_position
    guard place < regex.places.count, regex.places[place] > 0 else { return 0 }
    let position = unsafe block.pointee.current_position
    let left = unsafe block.pointee.subject_length &- position
    switch regex.walks[Int(regex.places[place]) - 1].over {
    case .bytes(let count): return min(count, left).magnitude
    case .rest: return left.magnitude
    case .back(let count): return min(count, position).magnitude
    case .groups(let numbers, let times):
      guard let offsets = unsafe block.pointee.offset_vector else { return 0 }
      var longest = 0
      for number in numbers where number < Int(unsafe block.pointee.capture_top) {
        let start = unsafe offsets[2 * number]
        let end = unsafe offsets[2 * number + 1]
        // A group that took no part holds the largest size.
        if UInt(bitPattern: start) < UInt(Int.max), end > start { longest = max(longest, end - start) }
      }
      return min(longest * times, left).magnitude
    }
  }
}

/// The working memory of one thread for matching regexes, and the budget that bounds what a text can cost.
///
/// PCRE2's own match limit starts anew at each place in the text, so that a text of 8 KiB could cost 8,192
/// times the limit. Steps are counted here instead, over the whole search.
@safe struct RegexScratch: ~Copyable {
  enum Answer: Equatable {
    case found, notFound
    /// The budget was spent before there was an answer.
    case outOfSteps
    /// The memory for back-tracking was.
    case outOfMemory
  }

  /// Steps for one text, some milliseconds at worst: an item of the pattern that is tried is one, and so are
  /// each 16 bytes of text that it goes on or back by, or may have to look at before it fails.
  static var budget: UInt64 { 100_000 }
  /// KiB of memory for back-tracking: what a group that repeats over a text of 8 KiB needs.
  static var heapLimit: UInt32 { 4_096 }

  private let data: OpaquePointer
  private let context: OpaquePointer
  /// What may still be tried; written by the call that PCRE2 makes for each item.
  private let meter: UnsafeMutablePointer<SearchMeter>

  /// `groupCount`: the most groups of any regex it will be used with.
  init(groupCount: Int) throws(PolicyError) {
    let data = unsafe pcre2_match_data_create_8(UInt32(groupCount + 1), nil)
    let context = unsafe pcre2_match_context_create_8(nil)
    guard let data = unsafe data, let context = unsafe context else {
      unsafe pcre2_match_data_free_8(data)
      unsafe pcre2_match_context_free_8(context)
      throw PolicyError(
        .outOfMemory, doing: "preparing a matcher",
        advice: "no memory left; raise the memory limit of the service")
    }
    let meter = UnsafeMutablePointer<SearchMeter>.allocate(capacity: 1)
    unsafe meter.initialize(to: SearchMeter())
    unsafe pcre2_set_heap_limit_8(context, RegexScratch.heapLimit)
    unsafe pcre2_set_callout_8(
      context,
      { block, meter in
        guard let block = unsafe block, let meter = unsafe meter?.assumingMemoryBound(to: SearchMeter.self)
        else { return PCRE2_ERROR_CALLOUT }
        return unsafe meter.pointee.charge(block) ? 0 : PCRE2_ERROR_CALLOUT
      }, meter)
    unsafe self.data = data
    unsafe self.context = context
    unsafe self.meter = meter
  }

  deinit {
    unsafe pcre2_match_data_free_8(data)
    unsafe pcre2_match_context_free_8(context)
    unsafe meter.deallocate()
  }

  /// Looks for `regex` in `text`, in at most `budget` steps; what is left of it is
  /// written back. A Unicode regex is not found in invalid UTF-8.
  mutating func search(_ regex: Regex, in text: Span<UInt8>, budget: inout UInt64) -> Answer {
    unsafe meter.pointee = SearchMeter(remaining: budget, regex: regex)
    let status = unsafe text.withUnsafeBufferPointer {
      unsafe pcre2_match_8(regex.code, $0.baseAddress, $0.count, 0, 0, data, context)
    }
    budget = unsafe meter.pointee.remaining
    if status >= 0 { return .found }
    switch status {
    case PCRE2_ERROR_CALLOUT, PCRE2_ERROR_MATCHLIMIT: return .outOfSteps
    case PCRE2_ERROR_HEAPLIMIT, PCRE2_ERROR_NOMEMORY, PCRE2_ERROR_DEPTHLIMIT: return .outOfMemory
    default: return .notFound
    }
  }

  /// True when `regex` is found in `text` within the budget of one search.
  mutating func find(_ regex: Regex, in text: Span<UInt8>) -> Bool {
    var budget = RegexScratch.budget
    return search(regex, in: text, budget: &budget) == .found
  }

  /// Where group `number` (0: the whole) of the last match that was found stands; nil when it took no part.
  func group(_ number: Int) -> ByteRange? {
    guard number < Int(unsafe pcre2_get_ovector_count_8(data)) else { return nil }
    guard let offsets = unsafe pcre2_get_ovector_pointer_8(data) else { return nil }
    let start = unsafe offsets[2 * number]
    let end = unsafe offsets[2 * number + 1]
    // An unset group holds the largest size; \K in a look-ahead may put the start behind the end.
    guard UInt(bitPattern: start) < UInt(Int.max), start <= end else { return nil }
    return ByteRange(start, end)
  }
}

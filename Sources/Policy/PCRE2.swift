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

  /// `isUnicode`: pattern and text are UTF-8 and case folds by Unicode; otherwise bytes, and A-Z fold.
  init(_ pattern: String, isUnicode: Bool) throws(RegexProblem) {
    var options = PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C
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
  }

  deinit { unsafe pcre2_code_free_8(code) }

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

/// The working memory of one thread for matching regexes.
@safe struct RegexScratch: ~Copyable {
  private let data: OpaquePointer
  private let context: OpaquePointer

  /// Steps of back-tracking after which a match is given up: a few milliseconds at worst.
  private static var stepLimit: UInt32 { 10_000 }
  /// KiB of back-tracking memory; what 10,000 steps can use.
  private static var heapLimit: UInt32 { 2_048 }

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
    unsafe pcre2_set_match_limit_8(context, RegexScratch.stepLimit)
    unsafe pcre2_set_depth_limit_8(context, RegexScratch.stepLimit)
    unsafe pcre2_set_heap_limit_8(context, RegexScratch.heapLimit)
    unsafe self.data = data
    unsafe self.context = context
  }

  deinit {
    unsafe pcre2_match_data_free_8(data)
    unsafe pcre2_match_context_free_8(context)
  }

  /// True when `regex` is found in `text` within the limits; a Unicode regex is not found in invalid UTF-8.
  mutating func find(_ regex: Regex, in text: Span<UInt8>) -> Bool {
    let status = unsafe text.withUnsafeBufferPointer {
      unsafe pcre2_match_8(regex.code, $0.baseAddress, $0.count, 0, 0, data, context)
    }
    return status >= 0
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

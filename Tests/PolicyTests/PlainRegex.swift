import CPCRE2

/// PCRE2's interpreter by itself, without a bound that matters: what a regex means, to hold the matcher
/// against. It shares no line with the one in Policy, whose options and limits are part of what is proven.
@safe final class PlainRegex {
  enum Answer: Equatable {
    case holds, doesNotHold
    /// More than `limit` steps of back-tracking: nobody knows.
    case tooCostly
  }

  /// Why a pattern is no regex, and the byte that reading stopped at.
  struct Problem: Error, Equatable {
    var message: String
    var offset: Int
  }

  private let code: OpaquePointer
  private let data: OpaquePointer
  private let context: OpaquePointer

  /// `isUnicode`: pattern and text are UTF-8, letters and their cases Unicode's; otherwise bytes and ASCII.
  init(_ pattern: String, isUnicode: Bool) throws(Problem) {
    let bytes = Array(pattern.utf8)
    var options = PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C
    options |= isUnicode ? PCRE2_UTF | PCRE2_UCP : PCRE2_NEVER_UTF | PCRE2_NEVER_UCP
    var status: Int32 = 0
    var offset = 0
    let made = unsafe bytes.withUnsafeBufferPointer {
      unsafe pcre2_compile_8($0.baseAddress, bytes.count, options, &status, &offset, nil)
    }
    guard let made = unsafe made, let data = unsafe pcre2_match_data_create_8(1, nil),
      let context = unsafe pcre2_match_context_create_8(nil)
    else { throw Problem(message: PlainRegex.message(status), offset: offset) }
    unsafe code = made
    unsafe self.data = data
    unsafe self.context = context
  }

  deinit {
    unsafe pcre2_match_context_free_8(context)
    unsafe pcre2_match_data_free_8(data)
    unsafe pcre2_code_free_8(code)
  }

  private static func message(_ status: Int32) -> String {
    var text = [UInt8](repeating: 0, count: 256)
    let length = unsafe text.withUnsafeMutableBufferPointer {
      unsafe pcre2_get_error_message_8(status, $0.baseAddress, $0.count)
    }
    return String(decoding: text.prefix(max(0, Int(length))), as: UTF8.self)
  }

  func search(_ text: [UInt8], limit: UInt32) -> Answer {
    unsafe pcre2_set_match_limit_8(context, limit)
    let status = unsafe text.withUnsafeBufferPointer {
      unsafe pcre2_match_8(code, $0.baseAddress, text.count, 0, 0, data, context)
    }
    if status >= 0 { return .holds }
    switch status {
    case PCRE2_ERROR_MATCHLIMIT, PCRE2_ERROR_DEPTHLIMIT, PCRE2_ERROR_HEAPLIMIT:
      return .tooCostly
    default: return .doesNotHold
    }
  }
}

import CPCRE2

/// What a rule's `match_string` means, said in the plainest way: a search for bytes, or PCRE2 by itself.
@safe struct Reference: ~Copyable {
  enum Answer {
    case holds, doesNotHold
    /// PCRE2 takes more steps than anybody should spend on it.
    case unknown
  }

  /// Items of the pattern that may be tried for one line. The daemon (`RegexScratch`) allows itself 100,000
  /// steps, and an item that goes over a whole line and may fail over another is 33 of them at most: its
  /// budget is not spent where this one is not.
  private static let budget = 3_000

  /// Lowered; only for a literal without letters beyond ASCII.
  private let literal: [UInt8]?
  private let code: OpaquePointer?

  /// Nil when PCRE2 does not take the pattern.
  init?(_ pattern: String, isRegex: Bool) {
    let bytes = Array(pattern.utf8)
    // Case folds A-Z and text is bytes, unless the pattern itself needs more.
    let isUnicode = bytes.contains { $0 >= 0x80 }
    guard isRegex || isUnicode else {
      literal = bytes.map(Reference.lowered)
      unsafe code = nil
      return
    }
    var options = PCRE2_CASELESS | (isUnicode ? PCRE2_UTF : PCRE2_NEVER_UTF | PCRE2_NEVER_UCP)
    if isRegex {
      options |=
        PCRE2_AUTO_CALLOUT | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C
        | (isUnicode ? PCRE2_UCP : 0)
    } else {
      options = PCRE2_LITERAL | PCRE2_CASELESS | PCRE2_UTF
    }
    var failure: CInt = 0
    var offset = 0
    literal = nil
    unsafe code = bytes.withUnsafeBufferPointer {
      unsafe pcre2_compile_8($0.baseAddress, bytes.count, options, &failure, &offset, nil)
    }
    if unsafe code == nil { return nil }
  }

  deinit { unsafe pcre2_code_free_8(code) }

  borrowing func search(_ text: [UInt8]) -> Answer {
    if let literal { return Reference.find(literal, in: text.map(Reference.lowered)) ? .holds : .doesNotHold }
    let data = unsafe pcre2_match_data_create_8(1, nil)
    let context = unsafe pcre2_match_context_create_8(nil)
    defer {
      unsafe pcre2_match_data_free_8(data)
      unsafe pcre2_match_context_free_8(context)
    }
    var tried = 0
    let status = unsafe withUnsafeMutablePointer(to: &tried) { tried in
      unsafe pcre2_set_callout_8(
        context,
        { _, tried in
          guard let tried = unsafe tried?.assumingMemoryBound(to: Int.self) else {
            return PCRE2_ERROR_CALLOUT
          }
          unsafe tried.pointee += 1
          return unsafe tried.pointee > Reference.budget ? PCRE2_ERROR_CALLOUT : 0
        }, tried)
      return unsafe text.withUnsafeBufferPointer {
        unsafe pcre2_match_8(code, $0.baseAddress, $0.count, 0, 0, data, context)
      }
    }
    if status >= 0 { return .holds }
    // A text that is no UTF-8 has none of the letters that such a rule looks for.
    let isNoUTF8 = status <= PCRE2_ERROR_UTF8_ERR1 && status >= PCRE2_ERROR_UTF8_ERR21
    return status == PCRE2_ERROR_NOMATCH || isNoUTF8 ? .doesNotHold : .unknown
  }

  private static func lowered(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte + 0x20 : byte }

  private static func find(_ wanted: [UInt8], in text: [UInt8]) -> Bool {
    if wanted.count > text.count { return false }
    for start in 0...text.count - wanted.count
    where text[start..<start + wanted.count] == wanted[...] { return true }
    return false
  }
}

import Delivery
import Testing

@Suite("What is JSON")
struct JSONCheckTests {
  @Test(
    "JSON",
    arguments: [
      "{}", "[]", " [ ] ", "\"\"", "0", "-0.5e+10", "1E9", "null", "true", "false",
      "{\"a\":[1,{\"b\":\"\"}]}\n",
      "\"\\u00e9\\\"\\\\\\/\\b\\f\\n\\r\\té🚨\"", "[10, 0]",
    ])
  func good(_ text: String) { #expect(JSONCheck.problem(Array(text.utf8)) == nil) }

  @Test(
    "no JSON, and where",
    arguments: [
      ("", "a value is expected at line 1, column 1, not the end"), ("{", "a key between quotes"),
      ("{\"a\":1,}", "a key between quotes is expected at line 1, column 8, not \"}\""),
      ("[1,\n ]", "a value is expected at line 2, column 2, not \"]\""), ("[1 2]", "a comma or ]"),
      ("{a:1}", "a key between quotes"), ("{\"a\" 1}", "a colon"), ("{\"a\":}", "a value"),
      ("{\"a\":1]", "a comma or }"), ("\"a\nb\"", "an escaped control character"), ("\"a", "a closing quote"),
      ("\"\\x\"", "an escape"), ("\"\\u12g4\"", "a hexadecimal digit"), ("01", "no digit behind a leading 0"),
      ("1.", "a digit"), ("-", "a digit"), (".5", "a value"), ("1e", "a digit"), ("NaN", "a value"),
      ("nul", "a value"), ("1 2", "nothing more"), ("{} {}", "nothing more"), ("// x\n1", "a value"),
      ("\u{FEFF}1", "a value is expected at line 1, column 1"), ("'a'", "a value"),
      (String(repeating: "[", count: 101), "no deeper nesting"),
    ])
  func bad(_ text: String, _ problem: String) {
    let found = JSONCheck.problem(Array(text.utf8))
    #expect(found?.hasPrefix(problem) == true, "\(found ?? "none")")
  }
}

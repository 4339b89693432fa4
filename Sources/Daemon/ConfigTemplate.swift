import Delivery

/// Tries an operator's template out: a comma too many would be noticed by the receiver only, which answers
/// 400 and has the alert given up.
enum ConfigTemplate {
  /// Why its bodies are not what `contentType` says; nil when they are. Nil stands for JSON. Bodies of other
  /// types are not looked at.
  static func problem(_ template: Config.Destination.Template, contentType: String?) -> String? {
    guard isJSON(contentType ?? PayloadFormat.template.contentType) else { return nil }
    for sample in TemplateSample.allCases {
      guard let problem = JSONCheck.problem(template.payload.body(of: sample)) else { continue }
      return
        "template \(template.path) makes no JSON of \(sample.name): \(problem); texts must stand between "
        + "quotes as \"{{…}}\", which escapes them, or content_type say what the body is instead"
    }
    return nil
  }

  private static func isJSON(_ type: String) -> Bool {
    let name = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    return name.hasSuffix("/json") || name.hasSuffix("+json")
  }
}

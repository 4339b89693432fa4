import Delivery

/// Tries an operator's template out: a comma too many would be noticed by the receiver only, which answers
/// 400 and has the alert given up.
enum ConfigTemplate {
  /// Why its bodies are not what `contentType` says; nil when they are. Nil stands for JSON. Bodies of other
  /// types are not looked at.
  static func problem(_ template: Config.Destination.Template, contentType: String?) -> String? {
    guard PayloadFormat.isJSON(contentType ?? PayloadFormat.template.contentType),
      let failure = TemplateTrial.failure(of: template.payload)
    else { return nil }
    return
      "template \(template.path) makes no JSON of \(failure.sample): \(failure.problem); texts must stand "
      + "between quotes as \"{{…}}\", which escapes them, or content_type say what the body is instead"
  }
}

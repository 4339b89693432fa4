import Delivery

/// Tries an operator's template out: a comma too many would be noticed by the receiver only, which answers
/// 400 and has the alert given up.
enum ConfigTemplate {
  /// Why its bodies are not what `contentType` says; nil when they are. Nil stands for JSON. Bodies of other
  /// types are not looked at. What only some labels break is no reason not to start: such an alert leaves in
  /// another format (`Payload.written`), and all others as they should.
  static func problem(
    _ template: Config.Destination.Template, contentType: String?
  ) -> (text: String, isWarning: Bool)? {
    guard PayloadFormat.isJSON(contentType ?? PayloadFormat.template.contentType),
      let failure = TemplateTrial.failure(of: template.payload)
    else { return nil }
    let text =
      "template \(template.path) makes no JSON of \(failure.sample): \(failure.problem); texts must stand "
      + "between quotes as \"{{…}}\", which escapes them, or content_type say what the body is instead"
    return (text, isWarning: !failure.isOfSample)
  }
}

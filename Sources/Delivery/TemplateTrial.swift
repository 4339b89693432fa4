import Model

/// Tries a template out before an alert does: on the samples, and with everything that an alert may lack, and
/// each label that the template asks for, once missing and once alone. What only some combination breaks is
/// found at run time (`Payload.written`).
package enum TemplateTrial {
  package struct Failure: Sendable, Equatable {
    /// Of what, a sentence part for people.
    package var sample: String
    package var problem: String
    /// Of one of the samples: most alerts are like one. Otherwise of what may never come.
    package var isOfSample: Bool
  }

  /// The first of its bodies that is no JSON; nil: all are.
  package static func failure(of template: TemplatePayload) -> Failure? {
    for sample in TemplateSample.allCases {
      if var failure = failure(of: template, sample.name, sample.facts) {
        failure.isOfSample = true
        return failure
      }
    }
    let parts = parts(template.labelNames)
    var (full, bare) = (TemplateSample.hostile.facts, TemplateSample.hostile.facts)
    bare.labels = []
    for part in parts {
      part.give(&full)
      part.take(&bare)
    }
    for isClear in [false, true] {
      if isClear { (full.severity, bare.severity) = (0, 0) }
      let kind = isClear ? "a clear" : "an alert"
      if let failure = failure(of: template, "\(kind) with everything it asks for", full) { return failure }
      if let failure = failure(of: template, "\(kind) with nothing it asks for", bare) { return failure }
      for part in parts {
        var (without, alone) = (full, bare)
        part.take(&without)
        part.give(&alone)
        if let failure = failure(of: template, "\(kind) without \(part.name)", without) { return failure }
        if let failure = failure(of: template, "\(kind) with \(part.name) alone", alone) { return failure }
      }
    }
    return nil
  }

  private static func failure(
    of template: TemplatePayload, _ sample: String, _ facts: AlertFacts
  ) -> Failure? {
    JSONCheck.problem(template.body(facts)).map { Failure(sample: sample, problem: $0, isOfSample: false) }
  }

  /// What an alert may have or lack.
  private struct Part {
    var name: String
    var give: (inout AlertFacts) -> Void
    var take: (inout AlertFacts) -> Void
  }

  private static func parts(_ labels: [String]) -> [Part] {
    let text = TemplateSample.hostileText
    let texts: [(String, WritableKeyPath<AlertFacts, String?>)] = [
      ("message", \.message), ("raw", \.raw), ("reference", \.reference),
      ("syslog_severity", \.syslogSeverity), ("source_ip", \.sourceAddress), ("trap_oid", \.trapOID),
    ]
    var parts = texts.map { name, path in
      Part(name: name, give: { $0[keyPath: path] = text }, take: { $0[keyPath: path] = nil })
    }
    parts.append(Part(name: "team", give: { $0.team = text }, take: { $0.team = "" }))
    for name in labels {
      let take: (inout AlertFacts) -> Void = { facts in facts.labels.removeAll { $0.name == name } }
      parts.append(
        Part(
          name: "labels.\(name)",
          give: { facts in
            take(&facts)
            facts.labels.append((name: name, value: text))
          }, take: take))
    }
    return parts
  }
}

extension TemplatePayload {
  /// More than these are not tried one by one.
  static var triedLabels: Int { 64 }

  private static let fields: Set<Substring> = [
    "id", "time", "host", "title", "message", "raw", "handling", "team", "environment", "rule", "reference",
    "signature", "severity", "severity_word", "syslog_severity", "source", "source_ip", "trap_oid", "epoch",
    "is_clear", "label_list", "name", "value",
  ]

  /// The labels that its tags may ask for, by `labels.NAME` or from within a section of `labels`; some
  /// names may be of no label.
  var labelNames: [String] {
    var names: [String] = []
    for tag in tags {
      // A path may stand in a transform, as in `upper(labels.interface)`.
      let inner = tag.split(separator: "(", omittingEmptySubsequences: false).last ?? tag
      let path = inner.prefix { $0 != ")" }.split(separator: ".")
      guard let first = path.first else { continue }
      if TemplatePayload.fields.contains(first) { continue }
      guard let found = first == "labels" ? path.dropFirst().first : first else { continue }
      let name = String(found)
      if !names.contains(name) { names.append(name) }
      if names.count == TemplatePayload.triedLabels { break }
    }
    return names
  }

  /// What stands between braces, without comments and settings.
  private var tags: [Substring] {
    text.split(separator: "{{").dropFirst(text.hasPrefix("{{") ? 0 : 1).compactMap { piece in
      let tag = piece.prefix { $0 != "}" }
      guard let sign = tag.first, !"!=%>".contains(sign) else { return nil }
      return tag.drop { "{&#^/$< ".contains($0) }.prefix { $0 != " " }
    }
  }
}

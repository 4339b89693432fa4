import Model

/// Writes families in the Prometheus text format: help, type, samples.
struct MetricsWriter {
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(8_192) }

  mutating func header(_ name: String, _ kind: Kind, _ help: String) {
    bytes.append(text: "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
  }

  mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: UInt64) {
    header(name, kind, help)
    sample(name, [], value)
  }

  /// A family with one label. Without samples nothing is written.
  mutating func family(
    _ name: String, _ kind: Kind, _ help: String, _ label: String, _ samples: [(String, UInt64)]
  ) {
    family(name, kind, help, [label], samples.map { ([$0.0], $0.1) })
  }

  mutating func family(
    _ name: String, _ kind: Kind, _ help: String, _ labels: [String], _ samples: [([String], UInt64)]
  ) {
    if samples.isEmpty { return }
    header(name, kind, help)
    for (values, value) in samples { sample(name, Array(zip(labels, values)), value) }
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: UInt64) {
    start(name, labels)
    bytes.append(decimal: value)
    bytes.append(UInt8(ascii: "\n"))
  }

  /// A value in nanoseconds, written in seconds without rounding.
  mutating func sample(_ name: String, _ labels: [(String, String)], nanoseconds: UInt64) {
    start(name, labels)
    bytes.append(decimal: nanoseconds / 1_000_000_000)
    let fraction = Int(nanoseconds % 1_000_000_000)
    if fraction > 0 {
      bytes.append(UInt8(ascii: "."))
      bytes.append(decimal: fraction, width: 9)
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
    header(name, .histogram, help)
    samples(name, [], histogram)
  }

  /// A family with one label. Without samples nothing is written.
  mutating func histograms(
    _ name: String, _ help: String, _ label: String, _ histograms: [(String, Histogram)]
  ) {
    if histograms.isEmpty { return }
    header(name, .histogram, help)
    for (value, histogram) in histograms { samples(name, [(label, value)], histogram) }
  }

  /// Buckets are cumulative, as Prometheus wants them.
  private mutating func samples(_ name: String, _ labels: [(String, String)], _ histogram: Histogram) {
    var total: UInt64 = 0
    for (index, bound) in Histogram.bounds.enumerated() {
      total += histogram.counts[index]
      sample(name + "_bucket", labels + [("le", MetricsWriter.text(bound))], total)
    }
    sample(name + "_bucket", labels + [("le", "+Inf")], histogram.count)
    sample(name + "_sum", labels, nanoseconds: histogram.sum)
    sample(name + "_count", labels, histogram.count)
  }

  private mutating func start(_ name: String, _ labels: [(String, String)]) {
    bytes.append(text: name)
    if !labels.isEmpty {
      bytes.append(UInt8(ascii: "{"))
      for (index, (label, value)) in labels.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(text: label)
        bytes.append(ascii: "=\"")
        appendEscaped(value)
        bytes.append(UInt8(ascii: "\""))
      }
      bytes.append(UInt8(ascii: "}"))
    }
    bytes.append(UInt8(ascii: " "))
  }

  private mutating func appendEscaped(_ value: String) {
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): bytes.append(ascii: "\\\\")
      case UInt8(ascii: "\""): bytes.append(ascii: "\\\"")
      case UInt8(ascii: "\n"): bytes.append(ascii: "\\n")
      default: bytes.append(byte)
      }
    }
  }

  /// `0.005`, `1`, `60`.
  private static func text(_ bound: Double) -> String {
    bound == bound.rounded() ? String(Int(bound)) : String(bound)
  }
}

import Model

/// What this program calls itself.
package enum Product {
  /// `muttd 0.1.0`
  package static let version = "muttd \(Version.text)"
}

import Model

/// What this program calls itself, and how it understands misspelt words.
package enum Product {
  /// `muttd 0.1.0`
  package static let version = "muttd \(Version.text)"

  package static func nearest(_ word: String, in known: [String]) -> String {
    ConfigSpelling.nearest(word, in: known) ?? ""
  }
}

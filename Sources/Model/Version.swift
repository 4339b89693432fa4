/// The version that `--version`, the user agent, `/readyz` and the log show (semantic versioning).
package enum Version {
  package static let text = "0.1.0"
}

/// Whether references to groups can be left to Vectorscan to narrow texts down.
///
/// For a reference it puts the group once more. That is no wider than what PCRE2 looks for, the text of the
/// group in any case, where the group keeps case, or where it asks for more than its text: a boundary that
/// held in the one place need not hold in the other.
struct RegexReferences {
  /// Some part of the regex does not fold.
  var hasKeptCase = false
  /// Some group that takes text has an anchor, a boundary or a look-around in it.
  var hasCapturedGlance = false
  private var first: Int?
  private var foldsCase = false

  /// A reference, and whether it folds case.
  mutating func refer(_ offset: Int, foldsCase: Bool) {
    if first == nil { first = offset }
    if foldsCase { self.foldsCase = true }
  }

  /// Why they cannot, and where the first one stands. Rather too often than once too few: which group it is
  /// that a reference means is not looked at.
  var divergence: (name: String, offset: Int)? {
    guard let first else { return nil }
    if hasCapturedGlance {
      return ("a reference, and a group with an anchor, a boundary or a look-around in it", first)
    }
    if hasKeptCase, foldsCase { return ("a reference that folds case, and (?-i)", first) }
    return nil
  }
}

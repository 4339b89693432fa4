/// Finds what a misspelt word was meant to be.
enum ConfigSpelling {
  /// The candidate with the smallest edit distance, the first of equals; nil without candidates.
  static func nearest<Candidates: Sequence<String>>(_ word: String, in candidates: Candidates) -> String? {
    let wanted = Array(word.lowercased().utf8.prefix(limit))
    var best: String?
    var bestDistance = Int.max
    for candidate in candidates {
      let found = distance(wanted, Array(candidate.lowercased().utf8.prefix(limit)))
      if found < bestDistance {
        best = candidate
        bestDistance = found
      }
    }
    return best
  }

  /// Words are compared up to here: the cost is the product of the lengths.
  private static let limit = 128

  /// Insertions, deletions, substitutions and swaps of neighbours that lead from one word to the other.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in 0..<left.count {
      var current = [row + 1]
      for column in 0..<right.count {
        let same = left[row] == right[column]
        var cost = min(previous[column + 1] + 1, current[column] + 1, previous[column] + (same ? 0 : 1))
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, beforePrevious[column - 1] + 1)
        }
        current.append(cost)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[right.count]
  }
}

import Model
import Probe
import Settings

/// A rules file.
@c(LLVMFuzzerTestOneInput)
public func rules(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = unsafe input(start, count)
  return bounded { check(bytes) }
}

private func check(_ bytes: [UInt8]) -> CInt {
  // The reader of files refuses what is no UTF-8.
  guard let text = String(validating: bytes, as: UTF8.self) else { return -1 }
  let (file, problems) = RulesFile.parse(text, fileName: "rules.yaml")
  claim((file != nil) == problems.areHarmless, "a file and what forbids it: \(problems)")
  let lines = lineCount(text)
  for problem in problems {
    claim((0...lines).contains(problem.line), "\(problem): line \(problem.line) of \(lines)")
    claim(problem.file == "rules.yaml" && !problem.message.isEmpty, "a problem without a word about it")
  }
  let again = RulesFile.parse(text, fileName: "rules.yaml")
  claim(again.0 == file && again.1 == problems, "read twice, there are two answers")
  guard let file else { return 0 }
  for (name, line) in file.lines {
    claim((1...lines).contains(line), "\(name) on line \(line) of \(lines)")
  }
  RulesPromises.checkExport(file.catalog)
  return 0
}

/// What holds of every rules file that can be used.
enum RulesPromises {
  /// What is exported is read back as it was; rules come in the order of their ids.
  static func checkExport(_ catalog: Catalog) {
    var wanted = catalog
    wanted.rules = catalog.rules.enumerated()
      .sorted { ($0.element.id, $0.offset) < ($1.element.id, $1.offset) }.map(\.element)
    for includesIDs in [true, false] {
      let text = RulesFile.export(wanted, includesIDs: includesIDs)
      if !includesIDs {
        for index in wanted.rules.indices { wanted.rules[index].id = 0 }
      }
      let (file, problems) = RulesFile.parse(text, fileName: "export.yaml")
      claim(problems.isEmpty, "what was exported cannot be read: \(problems)\n\(text)")
      claim(file?.catalog == wanted, "exported and read: another catalog\n\(text)")
    }
    for device in catalog.devices {
      if let attributes = device.attributes { JSONShape.claimObject(Array(attributes.utf8)[...], "attrs") }
    }
  }
}

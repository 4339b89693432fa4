import Intake
package import Model
package import Wire

/// What the numbers in traps are called: the built-in names, and over them those of `snmp.mibs`.
package enum TrapNames {
  /// Reads the MIB files of `paths`, which takes its time, and says what came of it.
  package static func read(_ paths: [String], notices: NoticeSink) -> ObjectNames {
    if paths.isEmpty { return .builtIn }
    let clock = ContinuousClock()
    let start = clock.now
    let files = MIBFiles(paths)
    report(files, to: notices)
    let names = ObjectNames(BuiltInNames.objects + files.objects)
    let took = (clock.now - start).components
    notices(
      Notice(
        files.objects.isEmpty ? .warning : .info, "snmp",
        files.objects.isEmpty ? "snmp.mibs names nothing" : "MIB files read",
        [
          ("objects", .number(Int64(files.objects.count))), ("names", .number(Int64(names.count))),
          ("problems", .number(Int64(files.problems.count + files.furtherProblems))),
          ("took_ms", .number(took.seconds * 1_000 + took.attoseconds / 1_000_000_000_000_000)),
        ]))
    return names
  }

  private static func report(_ files: MIBFiles, to notices: NoticeSink) {
    for problem in files.problems {
      var fields: [(String, Notice.Value)] = [("reason", .text(problem.reason))]
      if !problem.file.isEmpty {
        fields.append(("file", .text(problem.file)))
        fields.append(("line", .number(problem.line)))
      }
      notices(Notice(.warning, "snmp", "a MIB cannot be read in full; what it lacks stays numeric", fields))
    }
    if files.furtherProblems > 0 {
      notices(
        Notice(
          .warning, "snmp", "more problems in MIB files",
          [("problems", .number(Int64(files.furtherProblems)))]))
    }
    if files.isCut {
      notices(
        Notice(
          .warning, "snmp", "snmp.mibs names more objects than are kept; name fewer directories",
          [("limit", .number(Int64(MIBFiles.objectLimit)))]))
    }
  }
}

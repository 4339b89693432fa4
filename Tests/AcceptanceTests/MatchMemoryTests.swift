import Foundation
import Testing

extension UnderLoad {
  /// `muttd match` holds what it is at, however long the input.
  @Suite struct MatchMemoryTests {
    @Test func whatIsReadFromAPipeIsNotKept() async throws {
      try await Workspace.with("match-memory") { workspace in
        let rules = try workspace.write("rules:\n" + SampleRules.filler(100), to: "rules.yaml")
        let mebibytes = Binary.isRelease ? 400 : 96
        let line = "<187>Oct  3 14:02:11 core1 fan \(String(repeating: "of shelf 3 failed ", count: 5))"
        // How much it has held at most, twenty times a second until it ends.
        let script = """
          "$1" match --rules "$2" - < <(yes "$3" | head -c "$4") > answers &
          while grep -s VmHWM /proc/$!/status; do sleep 0.05; done
          wait $! && tail -n 1 answers
          """
        let child = try await Child(
          "bash", ["-c", script, "bash", Binary.path, rules, line, "\(mebibytes << 20)"],
          in: workspace.path, outputFile: workspace.file("peaks"), errorFile: workspace.file("errors"))
        #expect(try await child.wait(within: .seconds(600)) == .code(0), "\(child.errors)")
        let lines = child.output.split(separator: "\n")
        let peaks = lines.filter { $0.hasPrefix("VmHWM") }.compactMap { line in
          Int(line.filter { $0.isNumber })
        }
        // Until then each thread has had a piece and a block, which on a busy machine takes its time.
        let settled = try #require(peaks.dropFirst(peaks.count / 2).first)
        let last = try #require(peaks.last)
        print(
          "\(mebibytes) MiB of lines: \(settled) KiB held after half of the time, \(last) KiB at the end"
        )
        #expect(peaks.count > 8)
        #expect(last - settled < (mebibytes << 10) / 8, "KiB that grew with the input")
        if Binary.isRelease { #expect(last < 64 << 10, "KiB") }
        // It has read all of them.
        let count = (mebibytes << 20) / (line.utf8.count + 1)
        #expect(lines.last?.contains("\"line\":\(count + 1),") == true, "\(lines.last ?? "")")
      }
    }
  }
}

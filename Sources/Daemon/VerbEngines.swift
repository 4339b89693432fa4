import Model
import Store

/// `muttd engines list|forget`: the clocks of SNMPv3 engines, by which a replay is told.
package struct VerbEngines: Sendable {
  let settings: VerbSettings
  let json: Bool

  package init(settings: VerbSettings, json: Bool) {
    self.settings = settings
    self.json = json
  }

  private static let listLimit = 100_000

  /// Most recently heard first.
  package func list(limit: Int) throws(DaemonFailure) {
    guard limit >= 1, limit <= VerbEngines.listLimit else {
      throw DaemonFailure(.usage, "--limit \(limit) is outside 1...\(VerbEngines.listLimit)")
    }
    let outbox = try VerbStore.openOutbox(try settings.load())
    defer { outbox.close() }
    let engines = try VerbStore.run { () throws(StoreError) in try outbox.engines(limit: limit) }
    var output = VerbOutput()
    if json {
      for engine in engines {
        var object = VerbJSON()
        object.add("engine_id", SHA256.hex(of: engine.id))
        object.add("boots", number: Int(engine.boots))
        object.add("time", number: Int(engine.time))
        object.add("heard_at", time: engine.heardAt)
        output.json(object)
      }
      return
    }
    var table = VerbTable(["engine id", "boots", "time", "heard"], rightAligned: [1, 2])
    for engine in engines {
      let heard = Timestamp(milliseconds: engine.heardAt.milliseconds)
      table.add([
        SHA256.hex(of: engine.id), "\(engine.boots)", "\(engine.time)", VerbTime.text(heard),
      ])
    }
    if table.isEmpty { output.line("no engine is known") } else { table.write(to: &output) }
  }

  /// `ids`: as `list` and the `engine_id` of an event show them.
  package func forget(_ ids: [String]) throws(DaemonFailure) {
    if ids.isEmpty { throw DaemonFailure(.usage, "name engines by their ids: muttd engines list") }
    var engines: [[UInt8]] = []
    for id in ids {
      guard let bytes = VerbHex.bytes(Array(id.utf8)), bytes.count <= 32 else {
        throw DaemonFailure(.usage, "\(id) is no engine id: 1 to 32 octets in hexadecimal")
      }
      engines.append(bytes)
    }
    let outbox = try VerbStore.openOutbox(try settings.load())
    defer { outbox.close() }
    var output = VerbOutput()
    var strangers: [String] = []
    for engine in engines {
      let id = SHA256.hex(of: engine)
      guard try VerbStore.run({ () throws(StoreError) in try outbox.forgetEngine(engine) }) else {
        strangers.append(id)
        continue
      }
      if json {
        var object = VerbJSON()
        object.add("engine_id", id)
        object.add("state", "to be forgotten")
        output.json(object)
      } else {
        output.line("\(id) will be forgotten: by a running daemon within some ten seconds, else at a start")
      }
    }
    if strangers.isEmpty { return }
    throw DaemonFailure(
      .found,
      """
      \(strangers.joined(separator: ", ")): not kept, see muttd engines list; a daemon that knows it all the \
      same forgets it
      """)
  }
}

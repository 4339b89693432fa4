import Console
import Intake
package import Model
import Policy

/// The memory the daemon may take, as a sum: every queue and cache is bounded, and this is where the bounds
/// meet. Printed at start, for whoever sets a `MemoryMax`; the unit sets none.
package struct Budget: Sendable {
  package struct Term: Sendable {
    package var what: String
    package var bytes: Int
  }
  package let terms: [Term]

  /// Text of one batch at most: `Worker` hands over at 512 KiB, and one slab can add its whole content,
  /// raw twice (row and payload fields).
  private static let batchText = (512 << 10) + 2 * 256 * 8_192

  package init(config: Config) {
    let workers = config.listen.workers
    let streams = config.listen.syslog.count { $0.transport.isStream }
    let syslog = (config.listen.syslog.count - streams) * workers + streams
    let traps = config.listen.snmp.count * workers
    let loops = syslog + traps
    terms = [
      // recvmmsg slabs; pages that no datagram reaches are never touched.
      Term(what: "syslog slabs", bytes: syslog * 256 * config.syslog.maxMessage),
      Term(what: "trap slabs", bytes: traps * 64 * 65_536),
      // What every connection may have begun and not finished, half as much again so that it can grow, and
      // the space it is read into.
      Term(
        what: "stream connections",
        bytes: streams * (config.listen.tcp.connections * 3 / 2 * config.streamSettings.kept + (128 << 10))),
      // The kinds of unmatched events that are counted, and what workers tell about them.
      Term(
        what: "unmatched templates",
        bytes: config.unmatched.limits.capacity * TemplateBook.entrySize + config.unmatched.limits.textLimit
          + (loops + TemplateInbox.limit) * TemplateTally.size),
      // Who sends and is no device.
      Term(what: "sightings", bytes: loops * SightingTable.standardCapacity * SightingTable.entrySize),
      // When devices were heard: in each worker, on the way, and added up.
      Term(
        what: "devices heard",
        bytes: ((loops + 2) * Snapshot.hostLimit + StoreWriter.heardLimit) * HeardDevices.entrySize),
      // What each source may still send, and the records of storms.
      Term(
        what: "storm buckets",
        bytes: config.storm.rate == nil
          ? 0
          : loops
            * (StormTable.standardCapacity * StormTable.entrySize
              + StormTable.stormLimit * StormTable.stormSize)),
      // The batch each worker fills.
      Term(what: "open batches", bytes: loops * Budget.batchText),
      // OpenSSL's side of each: 14 KiB while it is quiet, and a record of 16 KiB that is half there.
      Term(
        what: "tls connections",
        bytes: config.listen.syslog.count { $0.transport == .tls } * config.listen.tcp.connections * 32_768),
      // Batches on their way to outbox.db, and from there to the store.
      // What one turn commits counts until it is committed; its payloads come on top, at most as much again.
      Term(what: "recorder queue", bytes: 2 * Recorder.byteLimit + Budget.batchText),
      Term(what: "store queue", bytes: StoreWriter.byteLimit + Budget.batchText),
      Term(what: "spare batches", bytes: BatchPool.standardLimit * BatchPool.standardText),
      // Alerts that are tried from memory while the disk is full.
      Term(what: "alerts without a disk", bytes: MemoryOutbox.standardLimit),
      // Who took a raise in another's place.
      Term(what: "stand-ins", bytes: StandIns.byteLimit),
      // Per destination: attempts under way, each with its body and up to 64 KiB of answer, and what waits
      // to be attempted in memory.
      Term(what: "deliveries", bytes: config.destinations.reduce(0) { $0 + $1.concurrency * 4 * 256 << 10 }),
      // What waits for those who watch: at the port, in one report a worker, and for each of them here and in
      // the server.
      Term(
        what: "taps",
        bytes: TapPort.byteLimit + loops * TapSieve.sizeLimit
          + TapSieve.places * 2 * TapQueue.limit),
      Budget.http,
      // Two connections to muttd.db, one to outbox.db.
      Term(what: "sqlite page caches", bytes: 3 * 2 << 20),
      Budget.newHosts, Budget.oldRows,
      // The snapshot that decides, and the next one while it is compiled: ~4 KiB a rule.
      Term(what: "rules", bytes: 2 * Snapshot.ruleLimit * 4_096),
      // What the engine needs for patterns at the bounds of a set, given back when they are compiled: 77 MiB
      // for 20,000 texts of 75 bytes, 204 MiB for 500,000 bytes of regexes of 65; others may take more.
      Term(what: "compiling patterns", bytes: 1 << 30),
    ]
  }

  /// Some 40,000 ids with a hash each at the most, and as much while a block of them is written.
  private static var newHosts: Term { Term(what: "hosts of new rows", bytes: 2 << 20) }

  /// What stays between old rows that go, while it is moved, and the ids of a block of hosts.
  private static var oldRows: Term { Term(what: "old rows", bytes: 6 << 20) }

  /// Long answers until they are taken, pages while they are made, and what connections hold: of the port, of
  /// the socket, and for a moment of the port before a reload.
  private static var http: Term {
    Term(
      what: "http answers",
      bytes: ConsoleRoom.limit + ConsoleRoom.reserve + APIReader.threads * 4 * APIList.byteLimit
        + 3 * ConsoleServer.memory)
  }

  package var total: Int { terms.reduce(0) { $0 + $1.bytes } }

  /// For the log at start.
  package var notice: Notice {
    Notice(
      .info, "daemon", "memory is bounded",
      terms.map { ($0.what.replacing(" ", with: "_"), .number(Int64($0.bytes))) }
        + [("total_bytes", .number(Int64(total)))])
  }
}

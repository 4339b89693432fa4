import Foundation
import Model
import Store

/// `muttd db backup`: the files of the state directory, copied beside a running daemon.
extension VerbDatabase {
  package func backup(to directory: String) throws(DaemonFailure) {
    let config = try settings.load()
    var directory = directory
    while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
    let place = directory
    // The outbox first: rows leave it once the store has them, so none can be missing from both copies.
    var names = ["outbox.db"]
    var server: StoreServer?
    switch config.store.url {
    case .embedded:
      try VerbStore.requireFile(VerbStore.path(config), "store")
      names.append("muttd.db")
      // Rules may be written before the first start, which makes the outbox.
      if unsafe access("\(config.stateDirectory)/outbox.db", F_OK) != 0, errno == ENOENT {
        names.removeFirst()
      }
    case .server(let address):
      try VerbStore.requireFile("\(config.stateDirectory)/outbox.db", "outbox")
      server = address
    }
    let wanted = names
    // What the daemon keeps free beside its outbox.
    let reserve: Int64 = 512 << 20
    let copies = try VerbStore.run { () throws(StoreError) in
      try StateBackup.make(wanted, of: config.stateDirectory, in: place, reserve: reserve)
    }
    var output = VerbOutput()
    for copy in copies {
      if json {
        var object = VerbJSON()
        object.add("file", "\(directory)/\(copy.name)")
        object.add("bytes", number: copy.bytes)
        output.json(object)
      } else {
        output.line("\(directory)/\(copy.name)  \(copy.bytes) bytes, checked")
      }
    }
    guard let server else { return }
    VerbOutput.remark(
      "rules and the audit stand in \(server.shown) and are not in this copy: pg_dump -Fc '\(server.shown)' "
        + "> mutt.dump")
  }
}

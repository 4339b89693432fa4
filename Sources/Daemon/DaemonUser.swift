import Foundation
import Intake

/// Who owns the state directory, and with it who the daemon is: what root reads is not always for its eyes.
/// Goes by owner, group and mode; what a list of its own (acl(5)) allows beyond them is not seen.
struct DaemonUser {
  /// `muttd`, or a number.
  let name: String
  /// Of its first group.
  let group: String
  private let user: uid_t
  private let groups: Set<gid_t>

  /// Most groups of one user, limits.h's NGROUPS_MAX on Linux.
  private static let groupLimit = 65_536

  /// Nil: there is no such directory, or it is root's.
  init?(owning directory: String) {
    var about = stat()
    guard unsafe stat(directory, &about) == 0, about.st_uid != 0 else { return nil }
    user = about.st_uid
    var first = about.st_gid
    var all: Set<gid_t> = [first]
    var name = String(user)
    if let entry = unsafe getpwuid(user) {
      name = unsafe String(cString: entry.pointee.pw_name)
      first = unsafe entry.pointee.pw_gid
      var count = Int32(DaemonUser.groupLimit)
      var found = [gid_t](repeating: 0, count: DaemonUser.groupLimit)
      if unsafe getgrouplist(name, first, &found, &count) >= 0 { all = Set(found.prefix(Int(count))) }
    }
    self.name = name
    groups = all
    group = unsafe getgrgid(first).map { unsafe String(cString: $0.pointee.gr_name) } ?? String(first)
  }

  /// The folder or file that keeps it from reading `path`; nil: nothing does, or it is not there.
  func obstacle(to path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    let file = unsafe String(cString: resolved)
    var folder = "/"
    for part in file.split(separator: "/").dropLast() {
      folder += (folder == "/" ? "" : "/") + part
      if !may(folder, 0o1) { return folder }
    }
    return may(file, 0o4) ? nil : file
  }

  /// `bit`: 4 to read, 1 to pass through.
  private func may(_ path: String, _ bit: mode_t) -> Bool {
    var about = stat()
    guard unsafe stat(path, &about) == 0 else { return true }
    let shift: mode_t = about.st_uid == user ? 6 : groups.contains(about.st_gid) ? 3 : 0
    return about.st_mode >> shift & bit != 0
  }
}

extension VerbCheck {
  /// What the daemon will not be able to read although whoever checks is: only root sees more than it.
  static func unreadable(_ config: Config, path: String?, isRoot: Bool) -> [VerbFinding] {
    guard isRoot, let user = DaemonUser(owning: config.stateDirectory) else { return [] }
    var files: [(key: String, path: String?)] = [
      ("the configuration", path), ("http.tokens", config.http.tokens), ("rules.file", config.rules.file),
    ]
    if let tls = config.tlsFiles {
      files += [
        ("listen.tls.certificate", tls.certificate), ("listen.tls.key", tls.key),
        ("listen.tls.client_ca", tls.authorities),
      ]
    }
    for destination in config.destinations {
      let tls = destination.tls
      files += [tls.ca, tls.certificate, tls.key].map { ("tls of \(destination.name)", $0) }
    }
    return files.compactMap { file in
      guard let path = file.path, let obstacle = user.obstacle(to: path) else { return nil }
      return VerbFinding(
        kind: .configuration, isWarning: true,
        text: "warning: \(file.key): the daemon runs as \(user.name) and cannot read \(path): "
          + "chgrp \(user.group) \(obstacle); chmod g+rX \(obstacle)")
    }
  }
}

import Foundation
import TestKit
import Testing

@testable import Daemon

/// What root reads and the daemon will not.
@Suite(.enabled(if: geteuid() == 0)) struct DaemonUserTests {
  /// No user and no group of this machine.
  private static let number: UInt32 = 54_321

  private func give(_ path: String, _ mode: mode_t, owner: UInt32 = 0, group: UInt32 = 0) {
    #expect(unsafe chown(path, owner, group) == 0)
    #expect(unsafe chmod(path, mode) == 0)
  }

  @Test func ownerGroupAndModeDecide() throws {
    let directory = TemporaryDirectory()
    give(directory.path, 0o755)
    let state = directory.file("state")
    let folder = directory.file("folder")
    for path in [state, folder] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }
    give(state, 0o700)
    #expect(DaemonUser(owning: state) == nil)
    #expect(DaemonUser(owning: directory.file("none")) == nil)
    give(state, 0o700, owner: Self.number, group: Self.number)
    let user = try #require(DaemonUser(owning: state))
    #expect(user.name == "54321" && user.group == "54321")
    give(folder, 0o755)
    let file = folder + "/tokens"
    try Data("x".utf8).write(to: URL(fileURLWithPath: file))
    for (mode, owner, group, isRead) in [
      (mode_t(0o600), UInt32(0), UInt32(0), false), (0o640, 0, 0, false), (0o640, 0, Self.number, true),
      (0o644, 0, 0, true), (0o400, Self.number, 0, true), (0o044, Self.number, Self.number, false),
      (0o604, 0, Self.number, false),
    ] {
      give(file, mode, owner: owner, group: group)
      #expect(user.obstacle(to: file) == (isRead ? nil : file), "\(String(mode, radix: 8)) \(owner) \(group)")
    }
    give(file, 0o644)
    give(folder, 0o700)
    #expect(user.obstacle(to: file) == folder)
    #expect(user.obstacle(to: folder + "/none") == nil)

    // A check says what to do; who is not root sees no more than the daemon and says nothing.
    var config = Config()
    config.stateDirectory = state
    config.http.tokens = file
    let found = VerbCheck.unreadable(config, path: nil, isRoot: true)
    #expect(found.map(\.isWarning) == [true])
    #expect(found.first?.text.contains("chgrp 54321 \(folder)") == true, "\(found)")
    #expect(VerbCheck.unreadable(config, path: nil, isRoot: false).isEmpty)
    give(folder, 0o755)
    #expect(VerbCheck.unreadable(config, path: nil, isRoot: true).isEmpty)
  }
}

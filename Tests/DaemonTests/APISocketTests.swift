import Foundation
import TestKit
import Testing

@testable import Daemon

/// Where the socket for this machine lies, and how commands find it.
@Suite struct APISocketTests {
  private func kind(_ path: String) -> FileAttributeType? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
  }

  @Test(arguments: [nil, "", "relative/x"])
  func withoutARuntimeDirectoryItLiesWithTheState(runtime: String?) {
    let socket = APISocket(
      stateDirectory: "/var/lib/x", environment: runtime.map { ["RUNTIME_DIRECTORY": $0] } ?? [:])
    #expect(socket.path == "/var/lib/x/api.sock")
  }

  @Test func theStateDirectoryLeadsToTheRuntimeDirectory() throws {
    let (state, runtime) = (TemporaryDirectory(), TemporaryDirectory())
    let socket = APISocket(
      stateDirectory: state.path, environment: ["RUNTIME_DIRECTORY": "\(runtime.path):/other"])
    #expect(socket.path == runtime.file("api.sock"))
    let link = state.file("api.sock")
    // What an earlier run left there, with a runtime directory or without, is in nobody's way.
    for target in [nil, "/nowhere/api.sock"] {
      if let target {
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
      } else {
        try Data().write(to: URL(fileURLWithPath: link))
      }
      socket.clear()
      #expect(kind(link) == nil)
    }
    try Data().write(to: URL(fileURLWithPath: socket.path))
    socket.open()
    #expect(kind(link) == .typeSymbolicLink)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == socket.path)
    let mode = try FileManager.default.attributesOfItem(atPath: socket.path)[.posixPermissions] as? Int
    #expect(mode == 0o660)
    socket.close()
    #expect(kind(link) == nil && kind(socket.path) == nil)
  }

  @Test func aLinkOfAnEarlierRunMakesRoomForTheSocket() throws {
    let state = TemporaryDirectory()
    let link = state.file("api.sock")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/nowhere/api.sock")
    APISocket(stateDirectory: state.path, environment: [:]).clear()
    #expect(kind(link) == nil)
  }

  /// systemd's pairs; anybody else's state directory says where its own is.
  @Test func commandsLookWhereItsGroupMayGo() {
    #expect(
      APISocket.places(stateDirectory: "/var/lib/muttd") == [
        "/var/lib/muttd/api.sock", "/run/muttd/api.sock",
      ])
    #expect(
      APISocket.places(stateDirectory: "/var/lib/muttd/site1") == [
        "/var/lib/muttd/site1/api.sock", "/run/muttd/site1/api.sock",
      ])
    for other in ["/srv/muttd", "/var/lib/", "state"] {
      #expect(APISocket.places(stateDirectory: other) == ["\(other)/api.sock"])
    }
  }
}

import Model
import Store
import TestKit
import Testing

/// "ü" may be one code point or two. To people, and to a `String`, both are one; to patterns, keys and tables
/// they are not, and an edit from one to the other is an edit.
@Suite struct TextFormsTests {
  private static let composed = "St\u{F6}rung"
  private static let decomposed = "Sto\u{308}rung"
  private let actor = EditActor(name: "alice", reason: "test")

  private func rule(_ name: String, _ pattern: String) -> Rule {
    Rule(
      name: name, matchType: .contains, matchString: pattern, prodHandling: "Page_only", devHandling: "Ignore"
    )
  }

  private func bytes(_ text: String?) -> [UInt8] { Array((text ?? "").utf8) }

  @Test(arguments: StoreMaker.all) func anEditOfTheFormIsMade(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply(
      [
        .addRule(rule("fault", Self.decomposed)),
        .setTeam(DeviceTeam(hostname: "core1", team: Self.decomposed)),
        .setDevice(Device(hostname: Self.decomposed, addresses: [IPAddress(v4: 192, 0, 2, 1)])),
      ], by: actor)
    let change = try store.apply(
      [
        .setRule(rule("fault", Self.composed)), .setTeam(DeviceTeam(hostname: "core1", team: Self.composed)),
        .removeDevice(hostname: Self.decomposed),
        .setDevice(Device(hostname: Self.composed, addresses: [IPAddress(v4: 192, 0, 2, 1)])),
      ], by: actor)
    #expect(change.changed == ["fault"])
    let catalog = try store.loadCatalog()
    #expect(bytes(catalog.rules.first?.matchString) == bytes(Self.composed))
    #expect(bytes(catalog.deviceTeams.first?.team) == bytes(Self.composed))
    #expect(catalog.devices.map { bytes($0.hostname) } == [bytes(Self.composed)])
  }

  @Test(arguments: StoreMaker.all) func namesOfBothFormsAreTwoRules(_ maker: StoreMaker) async throws {
    let (store, directory) = try await maker.make()
    defer { withExtendedLifetime(directory) { store.close() } }
    _ = try store.apply(
      [.addRule(rule(Self.composed, "one")), .addRule(rule(Self.decomposed, "two"))], by: actor)
    _ = try store.apply([.setRuleActive(name: Self.composed, false)], by: actor)
    var catalog = try store.loadCatalog()
    #expect(catalog.rules.filter(\.isActive).map(\.matchString) == ["two"])

    // A file that has the name in its other form alone: that one is kept, and is the one that changes.
    let change = try store.replaceCatalog(
      with: Catalog(rules: [rule(Self.decomposed, "three")]), by: actor)
    #expect(change.changed.map(bytes) == [bytes(Self.decomposed)])
    catalog = try store.loadCatalog()
    #expect(catalog.rules.filter(\.isActive).map(\.matchString) == ["three"])
    #expect(catalog.rules.count == 2)
  }
}

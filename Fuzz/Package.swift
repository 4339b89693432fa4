// swift-tools-version: 6.3
import Foundation
import PackageDescription

// Fuzzing (docs/hacking.md): one executable per target under Targets/, the rooms by symbolic links under
// Rooms/, because a package may not reach outside its folder. A package of its own, so that nobody who builds
// the daemon builds this, and so that all of it can be instrumented: scripts/fuzz builds it with
// `--sanitize fuzzer --sanitize address`; built without them nothing here has a `main`.

/// As in the house's own manifest.
let house: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
]

/// A target's `main` is libFuzzer's.
let fuzzed: [SwiftSetting] = house + [.unsafeFlags(["-parse-as-library"])]

/// The files of a room that do not belong to a target. (The package manager remembers what a manifest said:
/// scripts/fuzz tells it not to.)
func files(of room: String, except isPart: (String) -> Bool) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: Context.packageDirectory + "/Rooms/" + room)
    .filter { !isPart($0) }.sorted()
}

/// What of Daemon does not read files that people write. The readers are told by their names, so that a new
/// file of theirs belongs to this package at once; ConfigUse turns what they read into the settings of rooms
/// that are not here.
let noReaders = try files(of: "Daemon") { name in
  ["Config", "RulesFile", "YAML", "StoreServer", "URLWord"].contains { name.hasPrefix($0) }
    && name != "ConfigUse.swift"
}

/// What of Daemon has no part in what happens to a datagram of a trap port. When one of these files needs
/// another one, the build says what it cannot find.
let noDesk = try files(of: "Daemon") { name in
  [
    "DaemonThread", "DecisionDesk", "DecisionDesk+Secured", "DecisionDesk+Tap", "DecisionDesk+Traps",
    "DeskSightings", "DeskStorms", "EndSignal", "EngineTable", "HeardDevices", "InformTable", "Pressure",
    "Refusals", "RuleActivity", "StormGauge", "StormNotice", "TapBudget", "TapFilter", "TapPort", "TapSieve",
    "TrapSecurity", "TrapUser", "WorkerSettings",
  ].contains { name == $0 + ".swift" }
}

/// What of Intake is neither the cryptography of SNMPv3 nor a datagram nor the clock.
let noCryptography = try files(of: "Intake") { name in
  [
    "DatagramSlab", "DatagramSocket", "InheritedSocket", "IntakeError", "ListenAddress", "ReceivePace",
    "SystemClock", "TrapV3", "WaitCondition",
  ].contains { name == $0 + ".swift" }
}

/// What of Store is not the address of a server.
let noAddresses =
  try files(of: "Store") { ["StoreError.swift", "Postgres"].contains($0) }
  + files(of: "Store/Postgres") { $0 == "PostgresAddress.swift" }.map { "Postgres/" + $0 }

/// What of Delivery sends: neither a format nor what the configuration says of a destination.
let noFormats = try files(of: "Delivery") { name in
  ![
    "AnswerText", "AttemptHeaders", "ClockBook", "Consent", "Curl", "DeliveryMachine", "DeliveryQueue",
    "DestinationAccess", "DestinationTrial", "Diversion", "Forwarder", "LineTransport", "LineWriter",
    "Mailbox", "ReadyLine", "Router", "StatusTable", "TokenBucket", "TransportThread", "WebHookHandshake",
  ].contains { name.hasPrefix($0) }
}

func target(_ name: String, _ rooms: String...) -> Target {
  .executableTarget(
    name: name, dependencies: ["Probe", "Model"] + rooms.map { .byName(name: $0) },
    path: "Targets/" + name.prefix(1).uppercased() + name.dropFirst(), swiftSettings: fuzzed)
}

let package = Package(
  name: "Fuzz",
  dependencies: [
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
  ],
  targets: [
    target("syslog", "Wire"),
    target("trap", "Wire"),
    target("secured", "Wire", "Intake", "Policy", "Desk"),
    target("config", "Settings"),
    target("rules", "Settings"),
    .executableTarget(
      name: "pattern", dependencies: ["Probe", "Model", "Policy", "CPCRE2"], path: "Targets/Pattern",
      swiftSettings: fuzzed),

    // What the targets share: how a broken promise is reported, what JSON is.
    .target(name: "Probe", path: "Targets/Probe", swiftSettings: house),

    .target(name: "Model", path: "Rooms/Model", swiftSettings: house),
    .target(name: "Wire", dependencies: ["Model"], path: "Rooms/Wire", swiftSettings: house),
    .target(
      name: "Policy", dependencies: ["Model", "CVectorscan", "CPCRE2"], path: "Rooms/Policy",
      swiftSettings: house),
    .target(
      name: "Settings",
      dependencies: ["Model", "Store", "Delivery", .product(name: "Yams", package: "Yams")],
      path: "Rooms/Daemon", exclude: noReaders, swiftSettings: house),
    .target(
      name: "Desk", dependencies: ["Model", "Intake", "Wire", "Policy"], path: "Rooms/Daemon",
      exclude: noDesk, swiftSettings: house),
    .target(
      name: "Intake", dependencies: ["Model", "CLinux", "CNetSNMP"], path: "Rooms/Intake",
      exclude: noCryptography, swiftSettings: house),
    .target(name: "CLinux", path: "Rooms/CLinux"),
    .target(name: "CNetSNMP", path: "Rooms/CNetSNMP", linkerSettings: [.linkedLibrary("netsnmp")]),
    // The addresses of servers, which the configuration names; nothing that stores.
    .target(
      name: "Store", dependencies: ["Model", "CPostgreSQL"], path: "Rooms/Store", exclude: noAddresses,
      swiftSettings: house),
    // The formats and templates of destinations, which the configuration names.
    .target(
      name: "Delivery",
      dependencies: ["Model", "CCurl", .product(name: "Mustache", package: "swift-mustache")],
      path: "Rooms/Delivery", exclude: noFormats, swiftSettings: house),
    .target(name: "CCurl", path: "Rooms/CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .systemLibrary(name: "CVectorscan", path: "Rooms/CVectorscan", pkgConfig: "libhs"),
    .systemLibrary(name: "CPCRE2", path: "Rooms/CPCRE2", pkgConfig: "libpcre2-8"),
    .systemLibrary(name: "CPostgreSQL", path: "Rooms/CPostgreSQL", pkgConfig: "libpq"),
  ]
)

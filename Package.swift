// swift-tools-version: 6.3
import PackageDescription

// The manifest reads as the architecture (docs/architecture.md): the hall, the rooms in the order data
// flows through them, the house that composes them, the front door, then the C rim. Tests/TidyTests reads
// this file and fails on an arrow that the architecture does not have.

/// Every Swift target: the upcoming language from day one, and every unsafe construct marked where it stands.
let house: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
  // A debug build writes an index, in which SwiftPM finds tests. What it says of modules that are not ours
  // nobody reads, and it is a quarter of the compiler's work.
  .unsafeFlags(
    ["-index-ignore-system-modules", "-index-ignore-clang-modules"], .when(configuration: .debug)),
]

/// The rooms that only compute are optimised in a debug build too: walking over bytes, they were a sixth of
/// what all tests cost. Overflows and bounds are checked all the same.
let optimised: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// Model is called per event from every room. `package` functions are not inlined across modules by default
/// (20 instructions a call against 6); this flag on the module that owns them cures it. Only here: with it on
/// Wire or Policy too, the linker finds specialisations of the standard library twice, and since those rooms
/// are entered by a few calls an event that do real work, they would gain nothing (1,275 against 1,276
/// instructions to decode a line).
let hot: [SwiftSetting] =
  house + [.unsafeFlags(["-enable-cmo-everything"], .when(configuration: .release))]

let package = Package(
  name: "muttd",
  products: [.executable(name: "muttd", targets: ["muttd"])],
  dependencies: [
    // The command line: parsing, help, completions. Builds in seconds.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    // Logging façade that the service libraries share. Builds in seconds.
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    // Start order, signals, graceful shutdown of the services. Builds in seconds.
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // The HTTP face; plain product without TLS or HTTP/2. With NIO a minute and a half, the largest part.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    // YAML with line numbers, for the configuration and the rules files (libyaml). Ten seconds.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    // Mustache, for bodies that operators write themselves; no dependencies of its own. Builds in seconds.
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
  ],
  targets: [
    // The hall: values everyone uses, no doors to the outside.
    .target(name: "Model", swiftSettings: hot + optimised),

    // The rooms, in the order of the data. They never import each other.
    .target(
      name: "Intake", dependencies: ["Model", "CLinux", "CTLS", "CNetSNMP"], swiftSettings: house),
    .target(name: "Wire", dependencies: ["Model"], swiftSettings: house + optimised),
    .target(
      name: "Policy", dependencies: ["Model", "CVectorscan", "CPCRE2"], swiftSettings: house + optimised),
    .target(name: "Store", dependencies: ["Model", "CSQLite", "CPostgreSQL"], swiftSettings: house),
    .target(
      name: "Delivery",
      dependencies: ["Model", "CCurl", .product(name: "Mustache", package: "swift-mustache")],
      swiftSettings: house),
    .target(
      name: "Console",
      dependencies: ["Model", .product(name: "HummingbirdCore", package: "hummingbird")],
      swiftSettings: house),

    // The plan of the house: configuration, topology, the worker loop, reload.
    .target(
      name: "Daemon",
      dependencies: [
        "Model", "Intake", "Wire", "Policy", "Store", "Delivery", "Console",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: house),

    // The front door: verbs and exit codes.
    .executableTarget(
      name: "muttd",
      dependencies: ["Daemon", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: house),

    // The C rim: façades (stdint headers only) and module maps.
    .target(name: "CLinux"),
    .target(name: "CTLS", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .target(name: "CNetSNMP", linkerSettings: [.linkedLibrary("netsnmp")]),
    .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .systemLibrary(name: "CVectorscan", pkgConfig: "libhs", providers: [.apt(["libhyperscan-dev"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

    // Tests: one target per room, shared fakes, the real binary, and the order of the house.
    .target(
      name: "TestKit", dependencies: ["Model", "Store", "Delivery"], path: "Tests/TestKit",
      swiftSettings: house),
    .testTarget(name: "ModelTests", dependencies: ["Model"], swiftSettings: house),
    .testTarget(name: "IntakeTests", dependencies: ["Intake", "Model"], swiftSettings: house),
    .testTarget(name: "WireTests", dependencies: ["Wire", "Model", "CNetSNMP"], swiftSettings: house),
    .testTarget(name: "PolicyTests", dependencies: ["Policy", "Model", "CPCRE2"], swiftSettings: house),
    .testTarget(name: "StoreTests", dependencies: ["Store", "Model", "TestKit"], swiftSettings: house),
    .testTarget(name: "DeliveryTests", dependencies: ["Delivery", "Model", "TestKit"], swiftSettings: house),
    .testTarget(name: "ConsoleTests", dependencies: ["Console", "Model", "TestKit"], swiftSettings: house),
    .testTarget(
      name: "DaemonTests", dependencies: ["Daemon", "Delivery", "Intake", "Model", "Store", "TestKit"],
      swiftSettings: house),
    .testTarget(name: "AcceptanceTests", dependencies: ["muttd", "TestKit"], swiftSettings: house),
    .testTarget(name: "TidyTests", swiftSettings: house),
  ]
)

// swift-tools-version: 6.3
import PackageDescription

// Instruction counts of the daemon's hot path, a package of its own so that the daemon's manifest stays the
// architecture. The rooms are the daemon's own sources, reached by symbolic links: standing in one package
// with the cases, their `package` declarations can be called. Of the daemon it has the worker and what that
// cannot be built without, file by file: when one of them needs another file, that gets a link too. It
// builds in a minute.

// The same settings as in ../Package.swift, whose comments say why (TidyTests compares them).
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

let hot: [SwiftSetting] =
  house + [.unsafeFlags(["-enable-cmo-everything"], .when(configuration: .release))]

let package = Package(
  name: "muttd-bench",
  products: [.executable(name: "bench", targets: ["Bench"])],
  dependencies: [
    // Of the room Delivery; nothing is counted in it.
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0")
  ],
  targets: [
    .target(name: "Model", swiftSettings: hot),
    .target(
      name: "Intake", dependencies: ["Model", "CLinux", "CTLS", "CNetSNMP"], swiftSettings: house),
    .target(name: "Wire", dependencies: ["Model"], swiftSettings: house),
    .target(name: "Policy", dependencies: ["Model", "CVectorscan", "CPCRE2"], swiftSettings: house),
    .target(name: "Store", dependencies: ["Model", "CSQLite", "CPostgreSQL"], swiftSettings: house),
    .target(
      name: "Delivery",
      dependencies: ["Model", "CCurl", .product(name: "Mustache", package: "swift-mustache")],
      swiftSettings: house),
    .target(
      name: "Daemon", dependencies: ["Model", "Intake", "Wire", "Policy", "Store", "Delivery"],
      swiftSettings: house),
    .target(name: "CLinux"),
    .target(name: "CNetSNMP", linkerSettings: [.linkedLibrary("netsnmp")]),
    .target(name: "CTLS", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .systemLibrary(name: "CVectorscan", pkgConfig: "libhs", providers: [.apt(["libvectorscan-dev"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

    // The cases, and the requests by which a program tells valgrind what to count.
    .target(name: "CCallgrind"),
    .executableTarget(
      name: "Bench",
      dependencies: [
        "Model", "Intake", "Wire", "Policy", "Store", "Delivery", "Daemon", "CCallgrind",
      ],
      swiftSettings: house),
  ]
)

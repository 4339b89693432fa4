/// The plan of the house (docs/architecture.md): which target may know which. A room that needs a new arrow
/// changes this table, and with it the architecture, in the open.
enum Plan {
  /// Target → what it may depend on, products of packages included.
  static let arrows: [String: Set<String>] = [
    "Model": [],
    "Wire": ["Model"],
    "Policy": ["Model", "CVectorscan", "CPCRE2"],
    "Intake": ["Model", "CLinux", "CTLS", "CNetSNMP"],
    "Store": ["Model", "CSQLite", "CPostgreSQL"],
    "Delivery": ["Model", "CCurl", "Mustache"],
    "Console": ["Model", "HummingbirdCore"],
    "Daemon": [
      "Model", "Intake", "Wire", "Policy", "Store", "Delivery", "Console", "Logging", "ServiceLifecycle",
      "UnixSignals", "Yams",
    ],
    "muttd": ["Daemon", "ArgumentParser"],
    "CLinux": [], "CTLS": [], "CNetSNMP": [], "CCurl": [],
    "CVectorscan": [], "CPCRE2": [], "CSQLite": [], "CPostgreSQL": [],
    "TestKit": ["Model", "Store", "Delivery"],
  ]

  /// What a source file may import besides its target's arrows: the language and the system, where the room
  /// meets the system. Foundation stays at Daemon and above: it costs memory and allocates freely.
  static let system: [String: Set<String>] = [
    "Model": ["Synchronization"],
    "Wire": [],
    "Policy": ["Synchronization"],
    "Intake": ["Synchronization", "Glibc"],
    "Store": ["Synchronization", "Glibc"],
    "Delivery": ["Synchronization", "Glibc"],
    "Console": [
      "Synchronization", "Glibc", "NIOCore", "NIOPosix", "NIOExtras", "NIOHTTP1", "NIOHTTPTypes", "HTTPTypes",
      "Logging",
    ],
    "Daemon": ["Synchronization", "Glibc", "Foundation", "Dispatch"],
    "muttd": ["Synchronization", "Glibc", "Foundation"],
  ]

  /// Where a C module may be seen inside its room: path prefixes.
  static let rim: [String: [String]] = [
    "CPCRE2": ["Sources/Policy/"],
    "CSQLite": ["Sources/Store/SQLite/", "Sources/Store/Outbox"],
    "CPostgreSQL": ["Sources/Store/Postgres/"],
    "CNetSNMP": ["Sources/Intake/TrapV3.swift", "Sources/Intake/MIBFiles.swift"],
    "CTLS": ["Sources/Intake/TLSContext.swift"],
  ]

  /// C modules that only one file may see.
  static let oneFile: Set<String> = ["CVectorscan", "CPCRE2", "CTLS"]

  /// What a room's header may include: with more, its Clang module quarrels with its neighbours'.
  static let headers: Set<String> = ["stdint.h", "stddef.h", "stdbool.h"]
}

import Store
import Testing

@testable import Daemon

/// Secrets in the address of a server.
@Suite struct StoreServerTests {
  private static let environment = [
    "WORD": "p@ss:w/o?r%d #&=ü", "USER_NAME": "mutt@site", "HOSTS": "one:5433,two:5434",
    "URL": "postgresql://alice:s%2Fcret@db.example/mutt", "QUERY": "sslmode=require&application_name=m",
  ]
  private static let word = "p%40ss%3Aw%2Fo%3Fr%25d%20%23%26%3D%C3%BC"

  @Test(
    arguments: [
      ("postgresql://muttd:${env:WORD}@db.example/mutt", "postgresql://muttd:\(word)@db.example/mutt"),
      (
        "postgresql://${env:USER_NAME}:${file:/dev/null/../x}@db/mutt",
        nil
      ),
      (
        "postgresql://${env:USER_NAME}:${env:WORD}@db:5433/mutt?sslmode=require",
        "postgresql://mutt%40site:\(word)@db:5433/mutt?sslmode=require"
      ),
      ("postgresql://db/mutt?user=a&password=${env:WORD}", "postgresql://db/mutt?user=a&password=\(word)"),
      (
        "postgresql://db/mutt?password=x${env:WORD}y&user=a", "postgresql://db/mutt?password=x\(word)y&user=a"
      ),
      ("postgresql://a@${env:HOSTS}/mutt", "postgresql://a@one:5433,two:5434/mutt"),
      ("postgresql://${env:HOSTS}/mutt", "postgresql://one:5433,two:5434/mutt"),
      (
        "postgresql://a@db/mutt?${env:QUERY}",
        "postgresql://a@db/mutt?sslmode=require&application_name=m"
      ),
      ("${env:URL}", "postgresql://alice:s%2Fcret@db.example/mutt"),
    ] as [(String, String?)])
  func whatStandsForAWordIsOneWord(_ written: String, _ plain: String?) throws {
    let server = StoreServer(
      written: written, file: nil, environment: StoreServerTests.environment, shown: "")
    let address = try? server.address()
    #expect(try address == plain.map { try PostgresAddress($0) })
    let (config, problems) = Config.parse(
      "snmp: {communities: [any]}\nstore: {url: '\(written)'}\n", file: "muttd.yaml",
      environment: StoreServerTests.environment)
    #expect((config == nil) == (plain == nil), "\(problems)")
  }

  /// The path of one reference is no path of the URL.
  @Test func twoReferencesStandBesideEachOther() throws {
    var secrets = ConfigSecrets(environment: ["A": "a/b"])
    #expect(
      secrets.expand("postgresql://${env:A}:${env:A}@db/mutt", besides: nil, isURL: true)
        == .text("postgresql://a%2Fb:a%2Fb@db/mutt", isSecret: true))
    #expect(
      secrets.expand("postgresql://${env:A}:${file:/nowhere}@db/mutt", besides: nil, isURL: true)
        != .text("", isSecret: true))
    #expect(secrets.expand("Bearer ${env:A}@x/", besides: nil) == .text("Bearer a/b@x/", isSecret: true))
  }
}

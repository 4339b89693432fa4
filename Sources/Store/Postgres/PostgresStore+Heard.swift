package import Model

extension PostgresStore {
  /// What an edit may hold us up, milliseconds: audit rows wait behind.
  private static let lockMilliseconds = 200

  package func noteHeard(_ devices: [DeviceSighting]) throws(StoreError) -> [String] {
    if devices.isEmpty { return [] }
    var hosts = PostgresArray(.text)
    var first = PostgresArray(.int8)
    var last = PostgresArray(.int8)
    for device in devices {
      hosts.append(text: device.hostname)
      first.append(device.first.microseconds)
      last.append(device.last.microseconds)
    }
    let values = [hosts, first, last].map { PostgresValue.binary($0.encoded()) }
    return try use { session throws(StoreError) in
      let connection = session.connection
      return try connection.transaction("noting when devices were heard") { () throws(StoreError) in
        try connection.execute(
          "SET LOCAL lock_timeout = \(PostgresStore.lockMilliseconds)", "noting when devices were heard")
        let busy = try connection.query(
          PostgresStore.noteHeardSQL, values, "noting when devices were heard")
        return (0..<busy.count).compactMap { busy.text($0, 0) }
      }
    }
  }

  /// Rows that others have locked are passed over and named: behind an open transaction in psql the audit
  /// would wait for as long as that takes, and two daemons for one another.
  private static let noteHeardSQL = """
    WITH heard AS (
      SELECT host, timestamptz 'epoch' + first * interval '1 microsecond' AS first,
        timestamptz 'epoch' + last * interval '1 microsecond' AS last
      FROM unnest($1::text[], $2::int8[], $3::int8[]) AS h (host, first, last)
    ), there AS (
      SELECT hostname FROM devices WHERE hostname = ANY ($1::text[])
    ), free AS (
      SELECT hostname FROM devices WHERE hostname = ANY ($1::text[]) FOR NO KEY UPDATE SKIP LOCKED
    ), noted AS (
      UPDATE devices d SET first_seen_at = coalesce(d.first_seen_at, h.first),
        last_seen_at = greatest(d.last_seen_at, h.last)
      FROM free JOIN heard h ON h.host = free.hostname
      WHERE d.hostname = free.hostname
        AND (d.first_seen_at IS NULL OR d.last_seen_at IS NULL OR d.last_seen_at < h.last)
    )
    SELECT hostname FROM there EXCEPT SELECT hostname FROM free
    """
}

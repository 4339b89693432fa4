package import Model

extension SQLiteStore {
  package func noteHeard(_ devices: [DeviceSighting]) throws(StoreError) -> [String] {
    if devices.isEmpty { return [] }
    try use { session throws(StoreError) in
      defer { session.writeBack.begin() }
      try session.noteHeard(devices)
    }
    return []
  }
}

extension SQLiteStore.Session {
  /// The columns that no trigger looks at. Whatever else stands in a column of texts is no later time.
  fileprivate func noteHeard(_ devices: [DeviceSighting]) throws(StoreError) {
    let update = try statement(
      """
      UPDATE devices SET first_seen_at = coalesce(first_seen_at, ?2),
        last_seen_at = max(coalesce(last_seen_at, ''), ?3)
      WHERE hostname = ?1 AND (first_seen_at IS NULL OR coalesce(last_seen_at, '') < ?3)
      """, "noting when devices were heard")
    try connection.transaction("noting when devices were heard") { () throws(StoreError) in
      for device in devices {
        update.bind(device.hostname, 1)
        update.bind(device.first.stored, 2)
        update.bind(device.last.stored, 3)
        try update.run()
      }
    }
  }
}

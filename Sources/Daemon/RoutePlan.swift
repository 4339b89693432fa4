import Delivery

/// What alerts are routed by. Destinations are known by their places in a list that only grows.
struct RoutePlan: Sendable {
  var settings: [DestinationSettings]
  var payloads: [Payload]
  /// Places of those that take none.
  var removed: Set<Int>
}

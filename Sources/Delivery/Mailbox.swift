import Model
import Synchronization

/// What happened to a forwarder, from any thread to its one loop. Bounded by what the loop has under way:
/// wakes fold into one, and so do new deliveries beyond `newLimit`; everything else answers an action of the
/// machine.
final class Mailbox: Sendable {
  /// New deliveries that may wait for the loop; it would have no use for more at once.
  private static let newLimit = 256

  private struct State {
    var inputs: [DeliveryMachine.Input] = []
    var isWoken = false
    var newCount = 0
    var waiter: CheckedContinuation<[DeliveryMachine.Input], Never>?

    mutating func takeAll() -> [DeliveryMachine.Input] {
      isWoken = false
      newCount = 0
      defer { inputs = [] }
      return inputs
    }

    /// What is to be put in; nil: nothing.
    mutating func admit(_ input: DeliveryMachine.Input) -> DeliveryMachine.Input? {
      switch input {
      case .committed(let deliveries) where newCount + deliveries.count <= Mailbox.newLimit && !isWoken:
        newCount += deliveries.count
        return input
      case .woken, .committed:
        if isWoken { return nil }
        isWoken = true
        return .woken
      default: return input
      }
    }
  }

  private let state = Mutex(State())
  /// Seconds that attempts under way have after a stop.
  let patience = Atomic<Int>(0)

  /// Never blocks for longer than an append; a writer's thread may call it.
  func post(_ input: DeliveryMachine.Input) {
    let handover = state.withLock { state -> Handover? in
      guard let input = state.admit(input) else { return nil }
      state.inputs.append(input)
      guard let waiter = state.waiter else { return nil }
      state.waiter = nil
      return Handover(waiter: waiter, inputs: state.takeAll())
    }
    if let handover { handover.waiter.resume(returning: handover.inputs) }
  }

  /// Everything that came since the last call; waits when nothing did. For the one loop only.
  func next() async -> [DeliveryMachine.Input] {
    await withCheckedContinuation { continuation in
      let inputs = state.withLock { state -> [DeliveryMachine.Input] in
        if state.inputs.isEmpty {
          state.waiter = continuation
          return []
        }
        return state.takeAll()
      }
      if !inputs.isEmpty { continuation.resume(returning: inputs) }
    }
  }

  private struct Handover {
    var waiter: CheckedContinuation<[DeliveryMachine.Input], Never>
    var inputs: [DeliveryMachine.Input]
  }
}

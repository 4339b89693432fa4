import Testing

/// Tests that keep the machine busy run one after another: two floods at once would only measure each other.
@Suite(.serialized) struct UnderLoad {}

"""What tests of several areas share: throw-away servers, fresh databases, real processes."""

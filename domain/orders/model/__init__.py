"""The order and its vocabulary, pure: types, commands, events, and the rules of what is malformed."""

"""What everything about orders is said in: commands, the order and its events, and what is malformed of them."""

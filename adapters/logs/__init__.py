"""The logs of every process: their form, masked secrets, and outputs that never fail."""

"""Trading under disturbances: kills, stops, partitions and jumps of the clock, and the proof that nothing was lost."""

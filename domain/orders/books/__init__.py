"""The books: booking of execution reports, corrections, and the proof that the books are right."""

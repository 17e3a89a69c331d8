"""The trigger book of one instrument, pure: what the paper exchange and the books of real venues are made of."""

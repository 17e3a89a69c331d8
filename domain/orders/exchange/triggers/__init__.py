"""The trigger book of one instrument, pure: the common part of the paper exchange and of the books of real venues."""

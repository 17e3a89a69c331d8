"""FIX sessions as stored: numbers, messages that may be asked for again, requests, and how far reports went."""

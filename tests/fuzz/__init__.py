"""Random requests against a real platform: no internal error, no hang, no growth, whoever asks whatever."""

"""The detectors: each reads facts in order and reports departures from its subject's normal behaviour."""

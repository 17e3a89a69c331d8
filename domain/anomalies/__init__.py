"""Anomaly detection: normal behaviour learnt from each series' own history, and departures from it."""

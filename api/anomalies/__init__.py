"""Anomalies and the detectors that find them, over the API."""

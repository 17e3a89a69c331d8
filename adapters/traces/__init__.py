"""Traces of requests and their effects, sent to an OpenTelemetry collector. Nothing is loaded while tracing is off."""

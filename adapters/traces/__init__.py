"""Traces of requests and of what they lead to, sent to a collector of OpenTelemetry. Nothing is loaded while off."""

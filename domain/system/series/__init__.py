"""Time series for external stores: the exported points, their format, and the export positions."""

"""Files over HTTP: exports in their formats, and imports."""

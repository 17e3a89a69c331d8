"""Base of every area: errors, exact numbers, time, identifiers, the unit of work, caches and pages."""

"""What every area builds on: errors, exact numbers, time, identifiers, the unit of work, caches and pages."""

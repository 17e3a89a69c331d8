"""The eleven detectors: each reads facts in their order and tells what departs from what is normal for its subject."""

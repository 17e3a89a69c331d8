"""The whole platform as `tradegraph up` runs it, killed in parts and at once, and how soon it is back."""

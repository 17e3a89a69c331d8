"""A cluster of databases as deploy/ha describes it, and trading on it while its primary dies."""

"""PostgreSQL: connections, the clock, migrations, leases, backups and archives."""

"""The store in a PostgreSQL database. Its driver is an extra: only who gives an address needs it."""

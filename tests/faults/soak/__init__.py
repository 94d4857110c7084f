"""Half an hour of everything at once: three processes over one PostgreSQL with a replica."""

"""A real PostgreSQL server for the tests, started where one is needed and gone with the suite."""

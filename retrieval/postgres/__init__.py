"""PostgreSQL: the servers, what they keep, and who may see what of it.

Nothing here is loaded before ``FOOTNOTE_DATABASE_URL`` names a server.
"""

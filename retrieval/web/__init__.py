"""Pages and feeds of the web, fetched for people who may name any address they like.

What comes back is bytes and what the server says of them; ``readers`` make articles of it.
"""

from retrieval.web.addresses import normalize
from retrieval.web.errors import FetchError
from retrieval.web.fetcher import Fetcher
from retrieval.web.polling import next_check
from retrieval.web.responses import Fetched, NotModified

__all__ = ["FetchError", "Fetched", "Fetcher", "NotModified", "next_check", "normalize"]

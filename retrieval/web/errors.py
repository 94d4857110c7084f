"""A page that cannot be fetched."""

from __future__ import annotations

from retrieval.errors import ArticleError


class FetchError(ArticleError):
    """A page or feed cannot be fetched.

    Args:
        name: The address as it may be shown: without a query, which can hold a secret.
        transient: Whether the same address may well be read later.
        retry_after: How many seconds the server asks to be left alone, if it does.
        status: The server's HTTP status, if that is what went wrong.
    """

    def __init__(
        self,
        name: str,
        what: str,
        *,
        why: str = "",
        remedy: str = "",
        transient: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(name, what, why=why, remedy=remedy)
        self.transient = transient
        self.retry_after = retry_after
        self.status = status

"""``/corpus``: for those who manage a server, the articles that its members are answered from."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from functools import partial
from typing import IO, Any, Final, TypeVar

import discord
from discord import app_commands

from bot.access import COLLECTIONS, OWN, SHARED, Access, server_of
from bot.changing import carry_out
from bot.commands.additions import upload_of
from bot.commands.articles import article_choices, find_article
from bot.holdings import articles_from, details_of, listed, removed_articles
from bot.inflight import InFlight
from bot.library import Library
from bot.progress import Progress
from bot.rendering.discord import Listed, render_article, render_status
from bot.rendering.sanitize import inline
from bot.views.changes import RESTORED, removal_question, undo_of_addition
from bot.views.collection import collection_page
from retrieval.articles import Article
from retrieval.corpus import Asked, Corpus, Report, WebAddress
from retrieval.errors import ArticleError, CorpusError
from retrieval.limits import Limits
from retrieval.web import normalize

log = logging.getLogger(__name__)

ADDED: Final = "The articles are added."
_SEE_LIST: Final = "Choose one from the list, or see /corpus list."
_NAME_UNITS: Final = 300
_URL_CHARACTERS: Final = 2000
_IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of an export; a larger one is written to the disk meanwhile."""

Function = TypeVar("Function", bound=Callable[..., Any])


def _with_collection(function: Function) -> Function:
    """Describe the option that every command has which is about one collection."""
    choices = [app_commands.Choice(name=name, value=value) for value, name in COLLECTIONS.items()]
    described = app_commands.describe(
        collection="Whose articles: this server's own if you leave it out"
    )(function)
    return app_commands.choices(collection=choices)(described)


class CorpusCommands(
    app_commands.Group,
    name="corpus",
    description="The articles that I quote here: add, remove, list and check them.",
    guild_only=True,
    default_permissions=discord.Permissions(manage_guild=True),
):
    """The commands; all answers are seen by the person alone, as they may name files."""

    def __init__(
        self, library: Library, in_flight: InFlight, access: Access, limits: Limits
    ) -> None:
        super().__init__(allowed_installs=app_commands.AppInstallationType(guild=True, user=False))
        self._library = library
        self._in_flight = in_flight
        self._access = access
        self._limits = limits

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Runs before each of the commands, but not before suggestions."""
        self._access.check(interaction)
        return True

    @app_commands.command(description="Add an article: a file, or the address of a page or feed.")
    @app_commands.describe(
        file="Markdown, text, HTML, PDF, Word, EPUB or JSON Lines",
        url="Of a page, or of an RSS or Atom feed, which I then read again now and then",
    )
    @_with_collection
    async def add(
        self,
        interaction: discord.Interaction[Any],
        file: discord.Attachment | None = None,
        url: app_commands.Range[str, 1, _URL_CHARACTERS] | None = None,
        collection: str = OWN,
    ) -> None:
        server = self._access.to_change(interaction, collection)
        if (file is None) == (url is None):
            raise CorpusError(
                "I need one thing to add.", remedy="Give either a file or a url, not both."
            )
        await self._defer(interaction)

        async def change(progress: Progress) -> Report:
            addition = await upload_of(file, self._limits) if file else WebAddress(url or "")
            return await self._library.add(addition, progress, server)

        await carry_out(
            interaction,
            self._in_flight,
            change,
            ADDED,
            lambda report: undo_of_addition(report, collection, server),
        )

    @app_commands.command(description="Stop quoting an article, or all from an address.")
    @app_commands.describe(article="Its title, or the address of a page or feed")
    @_with_collection
    async def remove(
        self,
        interaction: discord.Interaction[Any],
        article: app_commands.Range[str, 1, _URL_CHARACTERS],
        collection: str = OWN,
    ) -> None:
        server = self._access.to_change(interaction, collection)
        await self._defer(interaction)
        with self._in_flight:
            name, found = await self._library.with_corpus(partial(_meant, article), server)
        if len(found) == 1:
            what = f"“{inline(found[0].title or found[0].id, _NAME_UNITS)}”"
        else:
            what = f"the {len(found):,} articles from {inline(name, _NAME_UNITS)}"
        await interaction.edit_original_response(
            content=f"Remove {what} from {_phrase(collection)}? For a day that can be undone.",
            view=removal_question(collection, server, interaction.user.id, name),
        )

    @app_commands.command(description="Bring back what was removed in the last day.")
    @app_commands.describe(
        article="Its title, or the address it came from; what was removed last if you leave it out"
    )
    @_with_collection
    async def undo(
        self,
        interaction: discord.Interaction[Any],
        article: app_commands.Range[str, 1, _URL_CHARACTERS] | None = None,
        collection: str = OWN,
    ) -> None:
        server = self._access.to_change(interaction, collection)
        await self._defer(interaction)

        async def change(_: Progress) -> Report:
            name = article
            if name is not None and "://" not in name:
                removed = await self._library.with_corpus(removed_articles, server)
                if removed:  # Otherwise the library says that nothing was.
                    see = "Leave it out to bring back what was removed last."
                    name = find_article(removed, name, see)
            return await self._library.undo(name, server)

        await carry_out(interaction, self._in_flight, change, RESTORED)

    @app_commands.command(name="list", description="Every article, where it is from, since when.")
    @_with_collection
    async def list_(self, interaction: discord.Interaction[Any], collection: str = OWN) -> None:
        await self._defer(interaction)
        with self._in_flight:
            server = await self._access.to_read(interaction, collection)
            reply, view = await collection_page(self._library, collection, server, 0)
            await interaction.edit_original_response(
                content=reply.content, embeds=list(reply.embeds), view=view
            )

    @app_commands.command(description="What is known of an article, and how it begins.")
    @app_commands.describe(article="Its title")
    @_with_collection
    async def show(
        self,
        interaction: discord.Interaction[Any],
        article: app_commands.Range[str, 1, _URL_CHARACTERS],
        collection: str = OWN,
    ) -> None:
        await self._defer(interaction)
        with self._in_flight:
            server = await self._access.to_read(interaction, collection)

            def find(corpus: Corpus) -> Listed:
                articles = [item.article for item in listed(corpus)]
                return details_of(corpus, find_article(articles, article, _SEE_LIST))

            item = await self._library.with_corpus(find, server)
            reply = await self._library.work(partial(render_article, item))
            await interaction.edit_original_response(
                content=reply.content, embeds=list(reply.embeds)
            )

    @app_commands.command(description="Read everything again; I keep answering meanwhile.")
    @_with_collection
    async def reload(self, interaction: discord.Interaction[Any], collection: str = OWN) -> None:
        server = self._access.to_change(interaction, collection)
        await self._defer(interaction)
        await carry_out(
            interaction,
            self._in_flight,
            lambda progress: self._library.reload(progress, server, Asked.ALL),
            "The articles are reloaded.",
        )

    @app_commands.command(description="How many articles there are, and whether any failed.")
    @_with_collection
    async def status(self, interaction: discord.Interaction[Any], collection: str = OWN) -> None:
        await self._defer(interaction)
        with self._in_flight:
            server = await self._access.to_read(interaction, collection)
            status = await self._library.status(server)
            reply = render_status(status, is_shared=server is None)
            await interaction.edit_original_response(
                content=reply.content, embeds=list(reply.embeds)
            )

    @app_commands.command(description="All articles as one ZIP file.")
    @_with_collection
    async def export(self, interaction: discord.Interaction[Any], collection: str = OWN) -> None:
        server = self._access.to_export(interaction, collection)
        await self._defer(interaction)
        with self._in_flight, tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            size = await self._library.with_corpus(partial(_written, file=file), server)
            if size > interaction.filesize_limit:
                raise CorpusError(
                    f"The export has {size / 1e6:,.1f} MB, and Discord takes "
                    f"{interaction.filesize_limit / 1e6:,.1f} MB here.",
                    remedy="Whoever runs me can make it with: footnote corpus export.",
                )
            await interaction.edit_original_response(
                content=f"The articles of {_phrase(collection)}.",
                attachments=[
                    discord.File(file, f"articles-of-{_file_name(server)}.zip")  # type: ignore[arg-type]
                ],
            )

    @app_commands.command(description="Whether members are answered from the shared articles too.")
    @app_commands.describe(use="Answer from the shared articles beside this server's own")
    async def shared(self, interaction: discord.Interaction[Any], use: bool) -> None:
        server = self._access.check(interaction)
        await self._defer(interaction)
        with self._in_flight:
            await self._library.set_uses_shared(server, use)
            log.info("Server %s: shared articles are %s", server, "used" if use else "not used")
            await interaction.edit_original_response(
                content="Members are answered from the shared articles too."
                if use
                else "Members are answered from this server’s own articles alone."
            )

    @remove.autocomplete("article")
    @show.autocomplete("article")
    async def _articles(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        collection = interaction.namespace.collection or OWN
        await self._library.noted(server_of(interaction))
        if not self._access.may_see(interaction, collection):
            return []
        server = None if collection == SHARED else interaction.guild_id
        return article_choices(self._library.own_articles(server), typed)

    async def _defer(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(thinking=True, ephemeral=True)


def _meant(given: str, corpus: Corpus) -> tuple[str, list[Article]]:
    """What is to be removed, as the corpus calls it, and the articles that go with it.

    Raises:
        FootnoteError: There is no such article and no such address.
    """
    if "://" in given:
        address = normalize(given.strip())
        found = articles_from(corpus, address)
        if not found:
            raise CorpusError(
                "No article here comes from that address.", remedy="See /corpus list."
            )
        return address, found
    articles = {item.article.id: item.article for item in listed(corpus)}
    name = find_article(list(articles.values()), given, _SEE_LIST)
    return name, [articles[name]]


def _written(corpus: Corpus, file: IO[bytes]) -> int:
    """Write an export; its size in bytes.

    Raises:
        FootnoteError: There is nothing to be exported, or no room for it.
    """
    from retrieval.corpus.export import write_export

    if not corpus.inventory().articles():
        raise CorpusError(
            "There are no articles in this collection.", remedy="Add some with /corpus add."
        )
    try:
        write_export(corpus, file)  # type: ignore[arg-type]
        size = file.seek(0, 2)
        file.seek(0)
    except OSError as error:
        raise ArticleError(
            "export",
            "The export could not be written.",
            why=f"The system says: {error.strerror or error}.",
            remedy="Whoever runs me can make some space on the disk.",
        ) from error
    return size


def _phrase(collection: str) -> str:
    return "the shared collection" if collection == SHARED else "this server’s collection"


def _file_name(server: int | None) -> str:
    return "all-servers" if server is None else f"server-{server}"

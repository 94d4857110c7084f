"""``/corpus``: for those who manage a server, the articles that its members are answered from."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from functools import partial
from typing import IO, Any, Final, TypeVar

import discord
from discord import app_commands

from bot.access import OWN, SHARED, Access, server_of
from bot.changing import carry_out
from bot.commands.additions import upload_of
from bot.commands.articles import article_choices, find_article
from bot.commands.placement import for_managers
from bot.commands.translation import command_name, described, option_name
from bot.holdings import articles_from, details_of, listed, removed_articles
from bot.inflight import InFlight
from bot.languages import t, tn
from bot.library import Library
from bot.progress import Progress
from bot.rendering.discord import Listed, render_article, render_status
from bot.rendering.sanitize import inline
from bot.views.changes import removal_question, undo_of_addition
from bot.views.collection import collection_page
from retrieval.articles import Article
from retrieval.corpus import Asked, Corpus, Report, WebAddress
from retrieval.errors import ArticleError, CorpusError
from retrieval.limits import Limits
from retrieval.web import normalize

log = logging.getLogger(__name__)

_NAME_UNITS: Final = 300
_URL_CHARACTERS: Final = 2000
_IN_MEMORY: Final = 4 * 1024 * 1024
"""Bytes of an export; a larger one is written to the disk meanwhile."""

Function = TypeVar("Function", bound=Callable[..., Any])


def _with_collection(function: Function) -> Function:
    """Describe the option that every command has which is about one collection."""
    choices = [
        app_commands.Choice(name=described("this server"), value=OWN),
        app_commands.Choice(name=described("shared"), value=SHARED),
    ]
    named = app_commands.rename(collection=option_name(":collection"))(function)
    about = described("Whose articles: this server's own if you leave it out")
    return app_commands.choices(collection=choices)(app_commands.describe(collection=about)(named))


class CorpusCommands(
    app_commands.Group,
    name=command_name("/corpus"),
    description=described("The articles that I quote here: add, remove, list and check them."),
):
    """The commands; all answers are seen by the person alone, as they may name files."""

    def __init__(
        self, library: Library, in_flight: InFlight, access: Access, limits: Limits
    ) -> None:
        super().__init__()
        for_managers(self)
        self._library = library
        self._in_flight = in_flight
        self._access = access
        self._limits = limits

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Runs before each of the commands, but not before suggestions."""
        self._access.check(interaction)
        return True

    @app_commands.command(
        name=command_name("/add"),
        description=described("Add an article: a file, or the address of a page or feed."),
    )
    @app_commands.rename(file=option_name(":file"), url=option_name(":url"))
    @app_commands.describe(
        file=described("Markdown, text, HTML, PDF, Word, EPUB or JSON Lines"),
        url=described("Of a page, or of an RSS or Atom feed, which I then read again now and then"),
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
                t("I need one thing to add."), remedy=t("Give either a file or a url, not both.")
            )
        await self._defer(interaction)

        async def change(progress: Progress) -> Report:
            addition = await upload_of(file, self._limits) if file else WebAddress(url or "")
            return await self._library.add(addition, progress, server)

        await carry_out(
            interaction,
            self._in_flight,
            change,
            t("The articles are added."),
            lambda report: undo_of_addition(report, collection, server),
        )

    @app_commands.command(
        name=command_name("/remove"),
        description=described("Stop quoting an article, or all from an address."),
    )
    @app_commands.rename(article=option_name(":article"))
    @app_commands.describe(article=described("Its title, or the address of a page or feed"))
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
        undoable = t("For a day that can be undone.")
        await interaction.edit_original_response(
            content=f"{_removal_asked(found, name, collection)} {undoable}",
            view=removal_question(collection, server, interaction.user.id, name),
        )

    @app_commands.command(
        name=command_name("/undo"),
        description=described("Bring back what was removed in the last day."),
    )
    @app_commands.rename(article=option_name(":article"))
    @app_commands.describe(
        article=described(
            "Its title, or the address it came from; what was removed last if you leave it out"
        )
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
                    see = t("Leave it out to bring back what was removed last.")
                    name = find_article(removed, name, see)
            return await self._library.undo(name, server)

        await carry_out(interaction, self._in_flight, change, t("The articles are back."))

    @app_commands.command(
        name=command_name("/list"),
        description=described("Every article, where it is from, since when."),
    )
    @_with_collection
    async def list_(self, interaction: discord.Interaction[Any], collection: str = OWN) -> None:
        await self._defer(interaction)
        with self._in_flight:
            server = await self._access.to_read(interaction, collection)
            reply, view = await collection_page(self._library, collection, server, 0)
            await interaction.edit_original_response(
                content=reply.content, embeds=list(reply.embeds), view=view
            )

    @app_commands.command(
        name=command_name("/show"),
        description=described("What is known of an article, and how it begins."),
    )
    @app_commands.rename(article=option_name(":article"))
    @app_commands.describe(article=described("Its title"))
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
                return details_of(corpus, find_article(articles, article, _see_list()))

            item = await self._library.with_corpus(find, server)
            reply = await self._library.work(partial(render_article, item))
            await interaction.edit_original_response(
                content=reply.content, embeds=list(reply.embeds)
            )

    @app_commands.command(
        name=command_name("/reload"),
        description=described("Read everything again; I keep answering meanwhile."),
    )
    @_with_collection
    async def reload(self, interaction: discord.Interaction[Any], collection: str = OWN) -> None:
        server = self._access.to_change(interaction, collection)
        await self._defer(interaction)
        await carry_out(
            interaction,
            self._in_flight,
            lambda progress: self._library.reload(progress, server, Asked.ALL),
            t("The articles are reloaded."),
        )

    @app_commands.command(
        name=command_name("/status"),
        description=described("How many articles there are, and whether any failed."),
    )
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

    @app_commands.command(
        name=command_name("/export"), description=described("All articles as one ZIP file.")
    )
    @_with_collection
    async def export(self, interaction: discord.Interaction[Any], collection: str = OWN) -> None:
        server = self._access.to_export(interaction, collection)
        await self._defer(interaction)
        with self._in_flight, tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            size = await self._library.with_corpus(partial(_written, file=file), server)
            if size > interaction.filesize_limit:
                raise CorpusError(
                    t(
                        "The export has {size} MB, and Discord takes {most} MB here.",
                        size=round(size / 1e6, 1),
                        most=round(interaction.filesize_limit / 1e6, 1),
                    ),
                    remedy=t("Whoever runs me can make it with: footnote corpus export."),
                )
            await interaction.edit_original_response(
                content=t("The articles of the shared collection.")
                if collection == SHARED
                else t("The articles of this server’s collection."),
                attachments=[
                    discord.File(file, f"articles-of-{_file_name(server)}.zip")  # type: ignore[arg-type]
                ],
            )

    @app_commands.command(
        name=command_name("/shared"),
        description=described("Whether members are answered from the shared articles too."),
    )
    @app_commands.rename(use=option_name(":use"))
    @app_commands.describe(
        use=described("Answer from the shared articles beside this server's own")
    )
    async def shared(self, interaction: discord.Interaction[Any], use: bool) -> None:
        server = self._access.check(interaction)
        await self._defer(interaction)
        with self._in_flight:
            await self._library.set_uses_shared(server, use)
            log.info("Server %s: shared articles are %s", server, "used" if use else "not used")
            await interaction.edit_original_response(
                content=t("Members are answered from the shared articles too.")
                if use
                else t("Members are answered from this server’s own articles alone.")
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

    @undo.autocomplete("article")
    async def _removed(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        collection = interaction.namespace.collection or OWN
        if not self._access.may_change(interaction, collection):
            return []
        server = None if collection == SHARED else interaction.guild_id
        return article_choices(await self._library.removed(server), typed)

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
                t("No article here comes from that address."), remedy=t("See /corpus list.")
            )
        return address, found
    articles = {item.article.id: item.article for item in listed(corpus)}
    name = find_article(list(articles.values()), given, _see_list())
    return name, [articles[name]]


def _written(corpus: Corpus, file: IO[bytes]) -> int:
    """Write an export; its size in bytes.

    Raises:
        FootnoteError: There is nothing to be exported, or no room for it.
    """
    from retrieval.corpus.export import write_export

    if not corpus.inventory().articles():
        raise CorpusError(
            t("There are no articles in this collection."),
            remedy=t("Add some with /corpus add."),
        )
    try:
        write_export(corpus, file)  # type: ignore[arg-type]
        size = file.seek(0, 2)
        file.seek(0)
    except OSError as error:
        raise ArticleError(
            "export",
            t("The export could not be written."),
            why=t("The system says: {reason}.", reason=error.strerror or error),
            remedy=t("Whoever runs me can make some space on the disk."),
        ) from error
    return size


def _removal_asked(found: list[Article], name: str, collection: str) -> str:
    """The question whether articles are to be removed, which ``name`` names."""
    is_shared = collection == SHARED
    if len(found) == 1:
        title = inline(found[0].title or found[0].id, _NAME_UNITS)
        if is_shared:
            return t("Remove “{title}” from the shared collection?", title=title)
        return t("Remove “{title}” from this server’s collection?", title=title)
    address = inline(name, _NAME_UNITS)
    if is_shared:
        return tn(
            "Remove the {count} article from {address} from the shared collection?",
            "Remove the {count} articles from {address} from the shared collection?",
            len(found),
            address=address,
        )
    return tn(
        "Remove the {count} article from {address} from this server’s collection?",
        "Remove the {count} articles from {address} from this server’s collection?",
        len(found),
        address=address,
    )


def _see_list() -> str:
    return t("Choose one from the list, or see /corpus list.")


def _file_name(server: int | None) -> str:
    return "all-servers" if server is None else f"server-{server}"

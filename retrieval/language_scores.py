"""How likely a text is in each language: the scores of py3langid, at a fraction of its weight."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import DamagedError
from retrieval.language_tables import LanguageTables, write_tables

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

log = logging.getLogger(__name__)


class LanguageScores:
    """The scores of texts. Safe to share by threads.

    Args:
        folder: Where the tables are unpacked for every process after this one; made where it is
            missing. Without it, or where it cannot be written, they take half a second and 70 MB.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder and folder / _file_name()
        self._tables = _unpacked(self._path) if self._path else None
        self._identifier = _identifier(self._tables)

    def of(self, text: str) -> dict[str, float]:
        """The score of each language that is told apart, by its code, the likeliest first.

        The logarithm of its probability, but for a summand that is the same for all.
        """
        try:
            return dict(self._identifier.rank(text))
        except (DamagedError, IndexError, OSError) as error:
            self._do_without(error)
            return dict(self._identifier.rank(text))

    def check(self) -> None:
        """Find out now whether all of the tables are whole.

        A process that may write no files could not go on with those of the package later.
        """
        try:
            if self._tables is not None:
                self._tables.check()
        except (DamagedError, OSError) as error:
            self._do_without(error)

    def _do_without(self, error: Exception) -> None:
        log.warning("The unpacked language tables are damaged: %s", error)
        self._identifier, self._tables = _identifier(None), None
        if self._path is not None:
            # The next process makes them anew.
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)


def _file_name() -> str:
    import py3langid

    return f"py3langid-{py3langid.__version__}.tables"


def _unpacked(path: Path) -> LanguageTables | None:
    """The tables, made where there are none that can be used; ``None`` if they cannot be."""
    with contextlib.suppress(DamagedError, OSError):
        return LanguageTables(path)
    packed = _identifier(None)
    with contextlib.suppress(DamagedError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tables(
            path,
            labels=packed.nb_classes,
            priors=packed.nb_pc,
            rows=packed.tk_row,
            features=packed.tk_output,
            next_states=packed.tk_nextmove,
            likelihoods=packed.nb_ptc,
        )
        return LanguageTables(path)
    return None


def _identifier(tables: LanguageTables | None) -> LanguageIdentifier:
    """What scores with the tables, or without any with those of the package."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    if tables is None:
        return LanguageIdentifier.from_model_file(MODEL_FILE)
    return LanguageIdentifier(
        tables.likelihoods,
        tables.priors,
        tables.labels,
        tables.next_states,
        tables.features,
        tk_row=tables.rows,
    )

"""What lies in a data folder and serves no purpose."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

_EXPECTED: Final = re.compile(
    r"""(footnote|vectors)\.db(-wal|-shm)?
    | \.database\.lock
    | mirror/\d+-[0-9a-f]{64}\.db
    | collections/[a-z0-9-]+/( \.lock
                             | originals/[0-9a-f]{64}
                             | indexes/[0-9a-f]{32}/manifest\.json
                             | indexes/segment-[0-9a-f]{32}/(articles/)?[a-z_]+\.[a-z]+ )""",
    re.VERBOSE,
)
_ONLY_ONE: Final = re.compile(r"mirror/.*|(collections/[^/]+/indexes/)([0-9a-f]{32})/manifest.json")


def leftovers(data: Path) -> list[str]:
    """Files that no start and no change needs, once a change has come to its end everywhere."""
    names = sorted(
        path.relative_to(data).as_posix() for path in data.rglob("*") if not path.is_dir()
    )
    found = [name for name in names if not _EXPECTED.fullmatch(name)]
    kinds: Counter[str] = Counter()
    for name in names:
        if match := _ONLY_ONE.fullmatch(name):
            kinds[match[1] or "mirror/"] += 1
    found += [f"{kind} has {count}, one of which" for kind, count in kinds.items() if count > 1]
    return found

"""Takes the pictures: one PNG a scene, and what each shows on standard output."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Final

from tests.benchmarks.walkthrough.camera import camera
from tests.benchmarks.walkthrough.scenes import stage
from tests.loopback import LoopbackError

PICTURES: Final = Path(__file__).parents[1] / "pictures"
MOST_BYTES: Final = 150_000


async def take(folder: Path, *, keep_html: bool) -> None:
    """Play every scene and photograph it into ``folder``, which exists."""
    async with camera() as eye, stage() as set_up:
        async for scene in set_up.play():
            html = scene.html()
            path = folder / f"walkthrough-{scene.name}.png"
            if keep_html:
                path.with_suffix(".html").write_text(html, "utf-8")
            png = await eye.photograph(html)
            path.write_bytes(png)
            remark = "" if len(png) <= MOST_BYTES else "  (large for a README)"
            print(f"{path.name}  {len(png) // 1000} kB{remark}  {scene.caption}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.walkthrough")
    parser.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures")
    parser.add_argument("--html", action="store_true", help="keep the pages beside the pictures")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(take(given.out, keep_html=given.html))
    except (FileNotFoundError, RuntimeError, LoopbackError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The container, its composition and the systemd unit say what the bot does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.client import GRACE

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "bot" / "deployment" / "footnote.service"
SETTING = re.compile(r"^([A-Z][A-Z0-9_]+)=", re.MULTILINE)
NOT_OURS = {"PGPASSWORD", "PYTHONUNBUFFERED", "XDG_CACHE_HOME"}


def settings() -> set[str]:
    """Every setting that there is."""
    return set(SETTING.findall((ROOT / ".env.example").read_text("utf-8")))


def unit() -> dict[str, list[str]]:
    """Of the unit's service, what each name is given."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture(scope="module")
def composition() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return loaded


def seconds(text: str) -> float:
    assert text.endswith("s")
    return float(text.removesuffix("s"))


def test_nothing_is_killed_while_it_may_still_finish_its_answers(
    composition: dict[str, Any],
) -> None:
    assert seconds(composition["services"]["bot"]["stop_grace_period"]) >= 2 * GRACE
    assert float(unit()["TimeoutStopSec"][0]) >= 2 * GRACE
    # Its readers are ended by the bot, once they have nothing more to read.
    assert unit()["KillMode"] == ["mixed"]


def test_what_is_set_is_a_setting(composition: dict[str, Any]) -> None:
    named = set(composition["services"]["bot"]["environment"])
    named |= {pair.partition("=")[0] for pair in unit()["Environment"][0].split()}
    comments = (ROOT / "compose.yaml").read_text("utf-8")
    named |= set(re.findall(r"^#\s+(FOOTNOTE_\w+|PGPASSWORD)=", comments, re.MULTILINE))
    assert named - NOT_OURS <= settings()


@pytest.mark.parametrize("service", ["bot", "database"])
def test_no_container_may_write_to_itself_or_become_root(
    composition: dict[str, Any], service: str
) -> None:
    made = composition["services"][service]
    assert made["read_only"] is True
    assert made["cap_drop"] == ["ALL"]
    assert "cap_add" not in made
    assert made["security_opt"] == ["no-new-privileges:true"]
    if service == "bot":
        users = re.findall(r"^USER (.*)$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
        assert set(users) == {"10001:10001"}


def test_the_health_is_asked_where_the_bot_tells_it(composition: dict[str, Any]) -> None:
    bot = composition["services"]["bot"]
    address = re.search(r":-(.*)}", bot["environment"]["FOOTNOTE_METRICS_ADDRESS"])
    assert address is not None
    assert f"http://{address[1]}/readyz" in bot["healthcheck"]["test"][-1]


def test_the_image_is_made_of_what_the_distribution_is_made_of() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    assert {name for line in copied for name in line.split()} == allowed
    assert all((ROOT / name).exists() for name in allowed)


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("There is no systemd here.")
    # That the program is not installed where the unit looks for it is no fault of the unit.
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text("utf-8"), flags=re.M)
    copy = tmp_path / UNIT.name
    copy.write_text(text, "utf-8")
    checked = subprocess.run(
        [program, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    said = [line for line in checked.stderr.splitlines() if UNIT.name in line]
    assert (checked.returncode, said) == (0, [])

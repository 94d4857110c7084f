"""A PostgreSQL and its replica, which change places."""

from __future__ import annotations

import shutil

from tests.postgres.cluster import Cluster, Home, Stage

_NAMES = ("north", "south")


class Pair:
    """Two servers, one of which is written to, each commit being on both before it counts.

    Both keep their ports, whichever of them is the primary.
    """

    def __init__(self) -> None:
        self.home = Home()
        self.primary = Cluster(self.home, _NAMES[0])
        self.primary.make()
        stage = Stage.of(self.primary)
        self._database = stage.database()
        self.name = self._database.__enter__()
        self.replica = self.primary.replica(_NAMES[1])
        self._wait_for_both(True)

    @property
    def url(self) -> str:
        """The database on whichever of them is written to."""
        first, second = sorted((self.primary, self.replica), key=lambda one: one.port)
        return f"{first.url(self.name, second)}?target_session_attrs=read-write"

    @property
    def replica_urls(self) -> str:
        """The database on each of them."""
        return ",".join(each.url(self.name) for each in (self.primary, self.replica))

    def restart(self) -> None:
        """Stop the primary and start it."""
        self.primary.restart()

    def crash(self) -> None:
        """Kill the primary and start it."""
        self.primary.kill()
        self.primary.start()

    def cut(self) -> None:
        """Cut every connection to the database on the primary."""
        with self.primary.superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [self.name],
            )

    def fail_over(self) -> None:
        """Kill the primary for good; the replica takes its place, and gets a replica of its own."""
        lost = self.primary
        lost.kill()
        self.primary = self.replica
        self.primary.promote()
        self._wait_for_both(False)
        shutil.rmtree(lost.data)
        self.replica = self.primary.replica(lost.data.name, port=lost.port)
        self._wait_for_both(True)

    def close(self) -> None:
        """End both."""
        self.home.close()

    def _wait_for_both(self, value: bool) -> None:
        """Whether a commit counts only when the replica has it too."""
        with self.primary.superuser() as connection:
            names = "*" if value else ""
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
            connection.execute("SELECT pg_reload_conf()")
        if value:
            self.primary.wait_for_replica(self.replica)

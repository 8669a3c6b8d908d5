"""What the load measurements and the soak measure: a PostgreSQL 15 and nodes of atlas-server that
share a port, one a core, and what they use of the machine."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "ci"))
from servers import (BUILD, PATIENCE, POSTGRES, AtlasServer, PostgresServer, children_of, free_port,
                     wait_until)

TICKS = os.sysconf("SC_CLK_TCK")
# Number n has the id that atlas-load asks for. Nobody logs in with that password hash.
FILL = """
INSERT INTO users (id, email, email_folded, display_name, password_hash, version, created_at,
                   updated_at)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'user' || n ||
       '@there.example', 'user' || n || '@there.example', 'Name ' || n, '$argon2id$none', 1, now(),
       now()
FROM generate_series(0, {last}) AS n
"""


class Stack:
    def __init__(self, directory, nodes, **settings):
        self.directory = directory
        self.postgres = PostgresServer(directory)
        self.port = free_port()
        settings = {"ATLAS_LISTEN_SHARED": "true" if nodes > 1 else "false"} | settings
        self.nodes = [AtlasServer(f"atlas-{number}", directory, self.postgres, self.port,
                                  **settings) for number in range(1, nodes + 1)]

    def start(self):
        self.postgres.start()
        self.postgres.wait_ready()
        subprocess.run(self.client("createdb") + ["atlas"], check=True)
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            wait_until(f"{node.name} to be ready", lambda: "up to date" in node.log.read_text())

    def stop(self):
        for program in [*self.nodes, self.postgres]:
            if program.process and program.process.poll() is None:
                program.kill()

    def client(self, program):
        return [str(POSTGRES / program), "-h", "127.0.0.1", "-p", str(self.postgres.port), "-U",
                "atlas"]

    def sql(self, text, database="atlas"):
        done = subprocess.run(self.client("psql") + ["-X", "-q", "-t", "-A", "-v",
                                                     "ON_ERROR_STOP=1", "-d", database, "-c", text],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def fill(self, users):
        self.sql(FILL.format(last=users - 1))
        self.sql("VACUUM ANALYZE users")

    def server_pids(self):
        return [node.process.pid for node in self.nodes]

    def postgres_pids(self):
        return [self.postgres.process.pid, *children_of(self.postgres.process.pid)]


def cpu_seconds(pids):
    """Of each process that is still there."""
    used = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used[pid] = (int(stat[11]) + int(stat[12])) / TICKS
    return used


def cpu_between(before, after):
    """Processes that came meanwhile count from their start."""
    return sum(used - before.get(pid, 0.0) for pid, used in after.items())


def status_field(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0])
    raise KeyError(field)


def resident_kib(pids):
    return sum(status_field(pid, "VmRSS") for pid in pids)


def open_descriptors(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


@contextlib.contextmanager
def running(nodes, **settings):
    """Whatever ends the script, the servers and their files are gone afterwards."""
    def stop(*_):
        sys.exit("stopped")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="atlas-load-"))
    try:
        stack = Stack(directory, nodes, **settings)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()
    except BaseException:
        keep_logs(directory)
        raise
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def keep_logs(directory):
    kept = BUILD / "load"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(directory, kept, ignore=shutil.ignore_patterns("data"))
    print(f"the servers' logs are in {kept}", file=sys.stderr)

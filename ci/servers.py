"""Real servers for scripts: a PostgreSQL 15 and atlas-server processes, all on loopback and in a
directory of their own. Nothing is left of them when they are killed."""

import http.client
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
PATIENCE = 60.0
PROGRAM = pathlib.Path(sys.argv[0]).name


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"{PROGRAM}: {what}: not within {PATIENCE:.0f} s")
        time.sleep(0.05)


class Program:
    """A process that is started again and again, its output in one file."""

    ended_by = "KILL"

    def __init__(self, name, directory):
        self.name = name
        self.log = directory / f"{name}.log"
        self.process = None
        self.kills = 0

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        raise NotImplementedError

    def options(self):
        return {}

    def start(self):
        with open(self.log, "ab") as log:
            # It dies with this script, whatever ends that.
            self.process = subprocess.Popen(["setpriv", f"--pdeathsig={self.ended_by}",
                                             *self.command()], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, **self.options())

    def wait_ready(self):
        wait_until(f"{self.name} to be ready", self.is_ready_or_restart)

    def is_ready_or_restart(self):
        if self.process.poll() is not None:
            self.start()
            time.sleep(0.2)
        return self.is_ready()

    def kill(self):
        self.kills += 1
        self.process.kill()
        self.process.wait()


def children_of(parent):
    found = []
    for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # "pid (name) state ppid ...", and the name may hold anything.
            ppid = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if ppid == parent:
            found.append(int(status.parent.name))
    return found


class PostgresServer(Program):
    """Runs as the user postgres when this script is root, because PostgreSQL refuses root."""

    ended_by = "QUIT"

    def __init__(self, directory):
        super().__init__("postgres", directory)
        self.address = "127.0.0.1"
        self.port = free_port()
        self.data = directory / "data"
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(directory, self.user)
        subprocess.run([POSTGRES / "initdb", "-k", "--locale=C", "--encoding=UTF8", "-A", "trust",
                        "-U", "atlas", "-D", self.data], check=True, stdout=subprocess.DEVNULL,
                       **self.options())

    def options(self):
        if not self.user:
            return {}
        return {"user": self.user, "group": self.user, "extra_groups": [], "cwd": "/"}

    def command(self):
        return [POSTGRES / "postgres", "-D", self.data, "-p", str(self.port),
                "-c", f"listen_addresses={self.address}", "-c", "unix_socket_directories=",
                "-c", "timezone=UTC", "-c", "max_connections=100"]

    def is_ready(self):
        ask = [POSTGRES / "pg_isready", "-q", "-h", self.address, "-p", str(self.port),
               "-U", "atlas", "-d", "postgres"]
        return subprocess.run(ask).returncode == 0

    def kill(self):
        # Its children live in sessions of their own. All die at once, as in an out-of-memory kill.
        self.kills += 1
        victims = [self.process.pid] + children_of(self.process.pid)
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        wait_until("the children of postgres to end",
                   lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in victims[1:]))


class AtlasServer(Program):
    def __init__(self, name, directory, postgres, port=None, **settings):
        super().__init__(name, directory)
        self.port = port or free_port()
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith("ATLAS_")}
        self.environment |= {
            "ATLAS_ENVIRONMENT": "test",
            "ATLAS_HTTP_ADDRESS": f"127.0.0.1:{self.port}",
            "ATLAS_DATABASE_URL": f"postgresql://atlas@127.0.0.1:{postgres.port}/atlas",
            "ATLAS_PASSWORD_MEMORY_KIB": "64",
            "ATLAS_PASSWORD_ITERATIONS": "1",
        } | settings

    def command(self):
        return [BUILD / "atlas-server"]

    def options(self):
        return {"env": self.environment}

    def is_ready(self):
        try:
            status, _ = request(self.port, "GET", "/v1/users/00000000-0000-7000-8000-000000000000")
        except OSError:
            return False
        return status == 404


def request(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Content-Type": "application/json"} if body else {}
    if method == "POST":
        headers["Idempotency-Key"] = secrets.token_hex(16)
    connection.request(method, path, json.dumps(body) if body else None, headers)
    response = connection.getresponse()
    return response.status, response.read()

"""What the peers have in common: a server of another system, started on the
loopback with data that is thrown away, that answers the commands of the benchmark.

The benchmark starts one script for a peer. It writes `ready <detail>` when its
server takes calls, then reads one command a line from standard input and answers
each with one line: figures, or `error: ` and what went wrong. At the end of its
input it stops its server. Seconds are taken around the client's call alone: what
is sent has been made ready before.
"""

import argparse
import csv
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request


class PeerError(Exception):
    """The peer cannot do what it is asked; the text says why."""


class Figures:
    """The data set, from the file that the benchmark wrote: series, month, value."""

    def __init__(self, path):
        self.path = path
        with open(path, newline="", encoding="ascii") as file:
            self.rows = [(int(s), int(m), v) for s, m, v in csv.reader(file)]
        self.series = 1 + max(row[0] for row in self.rows)
        self.periods = 1 + max(row[1] for row in self.rows)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program(name, *folders):
    """The path of a program of the distribution."""
    path = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    if path is None:
        raise PeerError(f"{name} is not installed; run bench/peers/install.sh")
    return path


def seconds_of(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def median_of(calls, call):
    """The median seconds of so many calls."""
    return statistics.median(seconds_of(call) for _ in range(calls))


def post(url, body=b"", headers=None):
    request = urllib.request.Request(url, data=body, headers=headers or {}, method="POST")
    with urllib.request.urlopen(request, timeout=600) as answer:
        return answer.read()


def get(url):
    with urllib.request.urlopen(url, timeout=600) as answer:
        return answer.read()


class Daemon:
    """A server process with its log in a file."""

    def __init__(self, command, log, user=None):
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                user=user, start_new_session=True, extra_groups=[] if user else None)

    def wait_until(self, up, limit=60):
        """Polls `up` until it does not raise."""
        end = time.monotonic() + limit
        while True:
            try:
                return up()
            except OSError as error:
                last = error
            if self.process.poll() is not None or time.monotonic() > end:
                tail = pathlib.Path(self.log).read_text(errors="replace")[-2000:]
                raise PeerError(f"the server does not answer ({last}):\n{tail}")
            time.sleep(0.02)

    def stop(self, with_signal=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def bytes_below(directory):
    return sum(path.stat().st_size for path in pathlib.Path(directory).rglob("*") if path.is_file())


def run(make):
    """`make(figures, scratch)` gives the peer: its methods are the commands."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--figures", required=True)
    parser.add_argument("--scratch", required=True)
    options = parser.parse_args()
    peer = None
    try:
        peer = make(Figures(options.figures), pathlib.Path(options.scratch))
        print("ready", peer.detail, flush=True)
        for line in sys.stdin:
            command, *arguments = line.split()
            answer = getattr(peer, command)(*(int(a) for a in arguments))
            print(*(repr(float(figure)) for figure in answer), flush=True)
    except Exception as error:  # pylint: disable=broad-except  (told to the benchmark)
        print("error:", type(error).__name__, " ".join(str(error).split())[:1500], flush=True)
        return 1
    finally:
        if peer is not None:
            peer.stop()
    return 0

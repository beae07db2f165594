"""Starts the built server and the programs that speak to it.

The build directory comes from POLICYTRACK_BUILD_DIR, which ctest sets; by hand it is build/."""

import contextlib
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POLICYTRACK_BUILD_DIR", ROOT / "build"))
SERVER = pathlib.Path(os.environ.get("POLICYTRACK_SERVER", BUILD / "bin/policytrackd"))
CLIENT = BUILD / "bin/policytrack"
PLUGINS = BUILD / "lib/policytrack/plugins"
ALLOW_LIST = BUILD / "lib/policytrack/plugins.sha256"
# Generous: the machine may be busy with other tests.
START_SECONDS = 60
CALL_SECONDS = 60

CODES = {"INVALID_ARGUMENT": 3, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "FAILED_PRECONDITION": 9,
         "ABORTED": 10}


def tool(name):
    """The path of a tool, before all the pinned one; fails the test when it is not installed."""
    own = ROOT / "build/tools/bin" / name
    found = str(own) if own.exists() else shutil.which(name)
    assert found, f"{name} is not installed; run deploy/install-packages.sh test and deploy/install-tools.sh"
    return found


def run(arguments, stdin=None, env=None, cwd=ROOT, timeout=CALL_SECONDS * 3):
    """Runs a program to its end, with its output as text."""
    return subprocess.run([str(a) for a in arguments], input=stdin if stdin is not None else "",
                          capture_output=True, text=True, timeout=timeout, check=False,
                          cwd=cwd, env={**os.environ, **(env or {})})


def shell_blocks(text):
    """The fenced blocks of shell commands of a document, continued lines joined."""
    return [block.replace("\\\n", " ") for block in re.findall(r"```sh\n(.*?)```", text, re.S)]


def camel_case(value):
    """The same JSON with field names in lowerCamelCase. Reflection in C++ leaves out json_name, and
    not every grpcurl then makes it up."""
    if isinstance(value, list):
        return [camel_case(item) for item in value]
    if isinstance(value, dict):
        return {re.sub("_([a-z])", lambda match: match.group(1).upper(), key): camel_case(item)
                for key, item in value.items()}
    return value


class ServerProcess:
    """One policytrackd with its log. `start` waits for the line that says the port; `refused`
    expects a start that fails. `under` is a command that runs another, which it becomes."""

    def __init__(self, data_dir, *flags, port=0, listen=None, plugin_dir=None, allow_list=None,
                 under=()):
        self.data_dir = pathlib.Path(data_dir)
        command = [*under, SERVER, "--listen", listen or f"127.0.0.1:{port}", "--data-dir", data_dir,
                   "--plugin-dir", plugin_dir or PLUGINS,
                   "--plugin-allow-list", allow_list or ALLOW_LIST, *flags]
        assert SERVER.exists(), f"{SERVER} is not built"
        self.log = []
        self.port = None
        self._lines = queue.Queue()
        self.process = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                        text=True, errors="replace")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def wait_for_line(self, pattern):
        """The match of the next line of the log that has the pattern."""
        while True:
            line = self._lines.get(timeout=START_SECONDS)
            assert line is not None, f"the server ended before it said {pattern}:\n{self.text()}"
            match = re.search(pattern, line)
            if match:
                return match

    def start(self):
        self.port = int(self.wait_for_line(r"serves on .*\(port (\d+)\)").group(1))
        return self

    def refused(self):
        """The exit code and the log of a start that was refused."""
        try:
            code = self.process.wait(START_SECONDS)
        finally:
            self.kill()
        self._reader.join(START_SECONDS)
        return code, self.text()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def text(self):
        return "".join(self.log)

    def stop(self):
        """Asks it to stop, and gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(START_SECONDS)
        self._reader.join(START_SECONDS)
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(START_SECONDS)

    def client(self, *arguments, stdin=None):
        """Runs `policytrack` against this server."""
        return run([CLIENT, "--server", self.address, *arguments], stdin)

    def client_ok(self, *arguments, stdin=None):
        done = self.client(*arguments, stdin=stdin)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def grpcurl(self, method, request=None, flags=()):
        """Runs grpcurl; the request, or a list of messages of a stream, goes in by stdin."""
        command = [tool("grpcurl"), "-plaintext", "-max-time", CALL_SECONDS, *flags]
        messages = request if isinstance(request, list) else [request]
        text = "\n".join(json.dumps(message) for message in messages if message is not None)
        if request is not None:
            command += ["-d", "@"]
        return run([*command, self.address, *method.split()], text)

    def grpcurl_ok(self, method, request=None):
        done = self.grpcurl(method, request)
        assert done.returncode == 0, f"{method}: {done.returncode}\n{done.stdout}{done.stderr}"
        return camel_case(json.loads(done.stdout)) if done.stdout.strip() else {}

    def observations(self, parent, period=""):
        """The observations of a parent, all of them or those of one period."""
        return self.grpcurl_ok("policytrack.v1.ObservationService/ListObservations", {
            "parent": parent, "startPeriod": period, "endPeriod": period}).get("observations", [])


@contextlib.contextmanager
def running(data_dir, *flags, **options):
    """A server that ends with the block; one that has ended by itself fails it."""
    process = ServerProcess(data_dir, *flags, **options)
    try:
        yield process.start()
        assert process.process.poll() is None, f"the server has ended:\n{process.text()}"
    finally:
        process.kill()

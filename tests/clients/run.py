"""Runs one file of tests with pytest and ends as ctest wants it: 0 all passed, 77 all skipped, 1
otherwise. Says what to install when something is missing: a test that cannot run has failed."""

import importlib.util
import sys

NEEDED = {"pytest": "python3-pytest", "grpc": "python3-grpcio", "google.protobuf": "python3-protobuf",
          "yaml": "python3-yaml"}


class Counts:
    """Counts the outcomes that ctest is told of."""

    def __init__(self):
        self.passed = 0
        self.skipped = 0

    def pytest_runtest_logreport(self, report):
        self.passed += report.when == "call" and report.passed
        self.skipped += report.skipped


def is_there(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it is in
        return False


def main():
    missing = [package for module, package in NEEDED.items() if not is_there(module)]
    if missing:
        print(f"missing: {' '.join(missing)}; run deploy/install-packages.sh test", file=sys.stderr)
        return 1
    import pytest

    counts = Counts()
    code = pytest.main(["-p", "no:cacheprovider", "-q", "-rs", "--tb=short", *sys.argv[1:]], [counts])
    if code == 0 and counts.passed == 0:
        return 77 if counts.skipped else 1
    return int(code != 0)


if __name__ == "__main__":
    sys.exit(main())

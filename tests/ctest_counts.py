"""Prints `passed failed skipped` of a JUnit file that ctest wrote."""

import sys
import xml.etree.ElementTree as ET


def main():
    passed = failed = skipped = 0
    for case in ET.parse(sys.argv[1]).getroot().iter("testcase"):
        status = case.get("status")
        if status == "run":
            passed += 1
        elif status == "disabled" or (status == "notrun" and is_skip(case)):
            skipped += 1
        else:
            failed += 1
    print(passed, failed, skipped)


def is_skip(case):
    """A test that ended with its skip code, and not one that could not start."""
    mark = case.find("skipped")
    message = mark.get("message", "") if mark is not None else ""
    return message.startswith("SKIP_")


if __name__ == "__main__":
    main()

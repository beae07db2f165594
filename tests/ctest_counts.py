"""Prints `passed failed skipped` of a JUnit file that ctest wrote.

A program that could not start stands there as skipped, like a test that skipped
itself: only the latter counts as skipped here."""

import sys
import xml.etree.ElementTree as ET


def counts(root):
    passed = failed = skipped = 0
    for case in root.iter("testcase"):
        status = case.get("status")
        if status == "run":
            passed += 1
        elif status == "disabled" or (status == "notrun" and skipped_itself(case)):
            skipped += 1
        else:
            failed += 1
    return passed, failed, skipped


def skipped_itself(case):
    mark = case.find("skipped")
    message = mark.get("message", "") if mark is not None else ""
    return message.startswith("SKIP_")


SAMPLE = """<testsuite>
<testcase name="good" status="run"/>
<testcase name="bad" status="fail"><failure message=""/></testcase>
<testcase name="says-77" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
<testcase name="says-word" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/></testcase>
<testcase name="no-program" status="notrun"><skipped message="Unable to find executable"/></testcase>
<testcase name="switched-off" status="disabled"/>
<testcase name="new-word" status="exploded"/>
</testsuite>"""


def main():
    if sys.argv[1:] == ["--self-test"]:
        found = counts(ET.fromstring(SAMPLE))
        if found != (1, 3, 3):
            sys.exit(f"self-test failed: {found}")
        print("self-test passed")
        return
    print(*counts(ET.parse(sys.argv[1]).getroot()))


if __name__ == "__main__":
    main()

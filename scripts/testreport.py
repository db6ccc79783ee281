"""Turns `go test -json` on standard input into what a person wants to see.

    go test -json ./... | python3 scripts/testreport.py [--forbid-skips] [--summary FILE]

Prints a line per package, the output of tests that failed, the reason of those
that were skipped, the slowest, and last the counts of all tests and subtests:
"N passed, N failed, N skipped". With --summary the counts go to the file.
A package that fails without a failed test (it does not build, it panicked or ran
out of time) counts as one failure. Exits with 1 if anything failed, or if
nothing ran, or with --forbid-skips if a test was skipped.
"""

import argparse
import collections
import json
import pathlib
import sys

SLOWEST = 5


class Report:
    def __init__(self):
        self.count = collections.Counter()
        self.output = collections.defaultdict(list)  # by package and test
        self.failed_in = collections.Counter()  # by package
        self.skipped = []
        self.seconds = {}  # by package and test, top level only

    def take(self, event):
        action, package, test = event["Action"], event.get("Package", ""), event.get("Test", "")
        if action in ("output", "build-output"):
            # Build output names the import path of what was built instead.
            self.output[package or event.get("ImportPath", ""), test].append(event["Output"])
        elif action in ("pass", "fail", "skip"):
            finish = self.finish_test if test else self.finish_package
            finish(action, package, test, event.get("Elapsed", 0))

    def finish_test(self, action, package, test, elapsed):
        self.count[action] += 1
        text = "".join(self.output.pop((package, test), []))
        if action == "fail":
            self.failed_in[package] += 1
            print(text, end="", flush=True)
        elif action == "skip":
            reason = [line.strip() for line in text.splitlines() if line.startswith(" ") and "---" not in line]
            self.skipped.append(f"{package}.{test}: {'; '.join(reason)}")
        if "/" not in test:
            self.seconds[package, test] = elapsed

    def finish_package(self, action, package, _, elapsed):
        text = "".join(self.output.pop((package, ""), []))
        if action == "fail" and not self.failed_in[package]:
            self.count["fail"] += 1
            for (owner, test), lines in sorted(self.output.items()):
                # "PACKAGE [PACKAGE.test]" is the package built with its tests.
                if owner.split(" ")[0] == package and (test or owner != package):
                    text += "".join(lines)  # of the tests that were running
        if action == "fail":
            print(text, end="")
        word = {"pass": "ok", "fail": "FAIL", "skip": "no tests"}[action]
        print(f"{word:8} {package} {elapsed:.1f}s", flush=True)

    def close(self):
        for reason in self.skipped:
            print(f"skipped  {reason}")
        slowest = sorted(self.seconds.items(), key=lambda item: -item[1])[:SLOWEST]
        print("slowest  " + ", ".join(f"{test} {seconds:.1f}s" for (_, test), seconds in slowest))

    def counts(self):
        return f"{self.count['pass']} passed, {self.count['fail']} failed, {self.count['skip']} skipped"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--forbid-skips", action="store_true")
    parser.add_argument("--summary", type=pathlib.Path)
    arguments = parser.parse_args()
    report = Report()
    for line in sys.stdin:
        if line.startswith("{"):
            report.take(json.loads(line))
        else:
            print(line, end="")  # go's own words, when it could not begin
    report.close()
    if arguments.summary:
        arguments.summary.write_text(report.counts() + "\n")
    else:
        print(report.counts())
    if report.count["fail"] or not report.count["pass"]:
        return 1
    if arguments.forbid_skips and report.count["skip"]:
        print("tests were skipped: everything that they need is here, so none may be", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

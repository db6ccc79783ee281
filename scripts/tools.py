"""Installs what Sluice's tests and linter need into the folder .tools.

    python3 scripts/tools.py PART...      parts: python, jars, node, lint, dlt

Everything has an exact version and comes through the ordinary client of its
registry (pip, mvn, npm, go). A part that is there in the right version costs
nothing, so every make target may call this. Layout:

    .tools/lock            held while parts are installed
    .tools/log/PART        what the client printed
    .tools/stamps/PART     names the versions; written last
    .tools/venv/           python: deltalake, duckdb, polars, pyspark
    .tools/jars/           jars:   Delta for Spark
    .tools/node/           node:   Azurite, the emulator of Azure's blob service
    .tools/bin/            lint:   golangci-lint
    .tools/dlt/            dlt:    dlt, for the benchmark alone
"""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = pathlib.Path(os.environ.get("SLUICE_TOOLS") or ROOT / ".tools")
REQUIREMENTS = ROOT / "scripts" / "requirements.txt"
DLT_REQUIREMENTS = ROOT / "scripts" / "bench" / "requirements.txt"
AZURITE = ROOT / "scripts" / "azurite"  # package.json and its lock

# Spark 4.2.0 of requirements.txt works with these; 4.3.0 with Delta 4.4.0 does
# not (NoSuchMethodError), and no jar matches the delta-spark 4.4.1 wheel.
JARS = ("io.delta:delta-spark_4.2_2.13:4.4.0", "io.delta:delta-storage:4.4.0")
GOLANGCI = "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0"

OLDEST_PYTHON = (3, 11)
OLDEST_JAVA = 17
OLDEST_NODE = 20


class Trouble(Exception):
    """One line for a person: what was being done, why it stopped, what next."""


def need(program, why):
    path = shutil.which(program)
    if not path:
        raise Trouble(f"{program} is not on the PATH: {why}")
    return path


def call(part, what, command, **env):
    """Runs a registry client with its output in the part's log."""
    log = TOOLS / "log" / part
    with log.open("ab") as out:
        code = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            env={**os.environ, **env}, check=False,
        ).returncode
    if code:
        client = pathlib.Path(command[0]).name
        if "pip" in command:
            client = "pip"
        raise Trouble(
            f"{what}: {client} ended with code {code}: {last_words(log)}; "
            f"check that {client} reaches its registry, then repeat (all it printed: {log})"
        )


# How pip, mvn, npm and go name a cause, between lines about what to try.
CAUSE = re.compile(
    r"could not|cannot|unable|not found|not available|no matching|refused|timed out|(unknown|no such) host",
    re.IGNORECASE,
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def last_words(log):
    """The line of the log that most likely tells the cause."""
    text = COLOUR.sub("", log.read_text(errors="replace"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if CAUSE.search(line)]
    return (causes or lines or ["it printed nothing"])[-1][:240]


def install_venv(part, folder, requirements):
    if sys.version_info < OLDEST_PYTHON:
        raise Trouble(
            f"{sys.executable} is Python {sys.version.split()[0]}: the readers need 3.11 or newer; "
            "install it or name one with make PYTHON=…"
        )
    venv = TOOLS / folder
    shutil.rmtree(venv, ignore_errors=True)
    what = f"making the Python environment {folder}"
    call(part, what, [sys.executable, "-m", "venv", str(venv)])
    what = f"installing what {requirements.relative_to(ROOT)} names"
    call(part, what, [
        str(venv / "bin" / "python"), "-m", "pip", "install", "--no-input", "--quiet",
        "--requirement", str(requirements),
    ])


def install_python():
    install_venv("python", "venv", REQUIREMENTS)


def install_dlt():
    install_venv("dlt", "dlt", DLT_REQUIREMENTS)


def install_jars():
    java = need("java", f"Spark needs Java {OLDEST_JAVA} or newer")
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', shown)
    if not version or int(version.group(1)) < OLDEST_JAVA:
        raise Trouble(f"{java} is not Java {OLDEST_JAVA} or newer, which Spark needs: {shown.splitlines()[:1]}")
    maven = need("mvn", "the Delta jars for Spark come through Maven")
    shutil.rmtree(TOOLS / "jars", ignore_errors=True)
    for jar in JARS:
        call("jars", f"fetching {jar}", [
            maven, "-q", "-B", "dependency:copy", f"-Dartifact={jar}",
            f"-DoutputDirectory={TOOLS / 'jars'}",
        ])


def install_node():
    node = need("node", f"Azurite needs Node.js {OLDEST_NODE} or newer")
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    version = re.match(r"v(\d+)", shown)
    if not version or int(version.group(1)) < OLDEST_NODE:
        raise Trouble(f"{node} is {shown or 'no Node.js'}: Azurite needs Node.js {OLDEST_NODE} or newer; install it")
    npm = need("npm", "Azurite comes through npm")
    folder = TOOLS / "node"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(AZURITE / name, folder)
    # Azurite 3.37.0 asks for Node 22, and its blob service works with 20 as well.
    call("node", f"installing what {(AZURITE / 'package-lock.json').relative_to(ROOT)} names", [
        npm, "ci", "--prefix", str(folder), "--engine-strict=false", "--ignore-scripts", "--no-audit", "--no-fund",
    ])


def install_lint():
    go = need("go", "golangci-lint is built from source")
    call("lint", f"building {GOLANGCI}", [go, "install", "-trimpath", GOLANGCI],
         GOBIN=str(TOOLS / "bin"), CGO_ENABLED="0", GOOS="", GOARCH="")


# part: what installs it, what names its version, a file without which it is broken
PARTS = {
    "python": (
        install_python,
        lambda: f"{sys.version}\n{REQUIREMENTS.read_text()}",
        "venv/bin/python",
    ),
    "jars": (install_jars, lambda: "\n".join(JARS), "jars"),
    "node": (
        install_node,
        lambda: (AZURITE / "package-lock.json").read_text(),
        "node/node_modules/azurite/package.json",
    ),
    "lint": (install_lint, lambda: GOLANGCI, "bin/golangci-lint"),
    "dlt": (
        install_dlt,
        lambda: f"{sys.version}\n{DLT_REQUIREMENTS.read_text()}",
        "dlt/bin/python",
    ),
}


@contextlib.contextmanager
def lock():
    """Keeps parallel makes apart; the kernel lets go if the holder dies."""
    with (TOOLS / "lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another process that is installing tools")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def say(text):
    print(f"tools: {text}", file=sys.stderr, flush=True)


def ensure(part):
    install, version, proof = PARTS[part]
    key = hashlib.sha256(version().encode()).hexdigest() + "\n"
    stamp = TOOLS / "stamps" / part

    def ready():
        return stamp.exists() and stamp.read_text() == key and (TOOLS / proof).exists()

    if ready():
        return
    with lock():
        if ready():  # by the process that was waited for
            return
        stamp.unlink(missing_ok=True)
        (TOOLS / "log" / part).unlink(missing_ok=True)
        say(f"installing {part} into {TOOLS}")
        start = time.monotonic()
        install()
        stamp.write_text(key)
        say(f"{part} is there after {time.monotonic() - start:.0f} s")


def main(parts):
    unknown = [part for part in parts if part not in PARTS]
    if unknown or not parts:
        print(f"tools: name parts of: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    for folder in ("log", "stamps"):
        (TOOLS / folder).mkdir(parents=True, exist_ok=True)
    try:
        for part in parts:
            ensure(part)
    except Trouble as trouble:
        say(trouble)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Does anything but truth or refusal come out? ``python -m tests.jobs.fuzz_envelope [--minutes 10]``.

Opt-in, with atheris (``pip install atheris``): coverage-guided fuzzing of everything in the envelope that
reads what others wrote. The corpus begins with the recorded messages of ``tests/envelope/vectors``. Half of
the mutations know the format: they edit fields of the header and authenticate it again with the true data
key, move frames about, or seal the true plaintext in frames of another length, so that what stands behind
the authentication is reached as well. What fails is kept, and its path printed.
"""

from __future__ import annotations

import argparse
import base64
import importlib
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
MAX_BYTES = 8192


def main() -> int:
    """Run the fuzzer in a process of its own, and print its figures."""
    return launch("tests.jobs.fuzz_envelope", MAX_BYTES)


def launch(module: str, max_bytes: int) -> int:
    """Run the fuzzer of *module* in a process of its own, on inputs of so many bytes."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--input", help="run one input that was kept, instead")
    minutes, given = vars(parser.parse_args()).values()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install atheris (Linux, macOS; CPython 3.11 to 3.13)")
        return 2
    command = [sys.executable, "-m", module, "--inside"]
    if given:
        return subprocess.run([*command, given], cwd=ROOT, check=False).returncode
    kept = tempfile.mkdtemp(prefix="secure-s3-fuzz-")
    with tempfile.TemporaryDirectory(prefix="secure-s3-corpus-") as corpus:
        command += [corpus, f"-max_total_time={int(minutes * 60)}", f"-max_len={max_bytes}", "-timeout=10"]
        command += ["-rss_limit_mb=1024", "-print_final_stats=1", f"-artifact_prefix={kept}/"]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            return figures(process, kept)


def figures(process: subprocess.Popen[str], kept: str) -> int:
    """Show what the fuzzer says, and at the end its figures."""
    features, stats = "", dict[str, str]()
    for line in process.stderr or ():
        if found := re.search(r"cov: (\d+) ft: (\d+)", line):
            features = f"{found[1]} edges, {found[2]} features"
        elif found := re.match(r"stat::(\w+):\s+(\d+)", line):
            stats[found[1]] = found[2]
        if not re.match(r"#\d+\s+(NEW|REDUCE)", line):
            print(line, end="", flush=True)
    code = process.wait()
    crashes = f"a failure, kept in {kept}" if code else "no failure"
    print(
        f"{stats.get('number_of_executed_units')} executions, {stats.get('average_exec_per_sec')} a second, "
        f"{features}, peak {stats.get('peak_rss_mb')} MiB, {crashes}"
    )
    return code


def seeds(targets: ModuleType, corpus: Path) -> None:
    """Each recorded message for each target, and small pieces for those that read less than a message."""
    from tests.envelope.test_vectors import VECTORS

    for name, vector in VECTORS.items():
        message = base64.b64decode(vector["message"])
        for mode in range(len(targets.TARGETS)):
            (corpus / f"{name}-{mode}").write_bytes(bytes([mode, 37, 5]) + message[: MAX_BYTES - 3])
    for number, message in enumerate(targets.GENUINE):
        for mode in range(len(targets.TARGETS)):
            (corpus / f"genuine-{number}-{mode}").write_bytes(bytes([mode, 37, 4]) + message)
    for number, context in enumerate(targets.contexts()):
        (corpus / f"context-{number}").write_bytes(bytes([1, 0, 0]) + context)


def inside(arguments: list[str]) -> None:
    """Import the envelope with its branches counted, and fuzz."""
    import atheris

    with atheris.instrument_imports(include=["secure_s3.envelope"]):
        targets = importlib.import_module("tests.jobs.fuzz_targets")
    if Path(arguments[0]).is_dir():
        seeds(targets, Path(arguments[0]))
    atheris.Setup([sys.argv[0], *arguments], targets.one_input, custom_mutator=targets.mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    if "--inside" in sys.argv:
        inside(sys.argv[sys.argv.index("--inside") + 1 :])
    else:
        sys.exit(main())

"""Builds what would be published and looks at it the way a user meets it.

    python tests/packaging_check.py

Builds the sdist, and from it the wheel; checks what is in them; installs the wheel without extras into an
empty virtual environment; imports there whatever must work without extras; asks the command line for its
help; and sees that pytest, which loads our plugin wherever we are installed, still starts.
"""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "secure_s3"

# Run by the interpreter of the empty environment. Only these modules may ask for an extra when imported.
IMPORT_EVERYTHING = """
import importlib, importlib.util, pkgutil
import secure_s3

EXTRAS = {"aws_encryption_sdk", "moto", "trustme", "werkzeug", "rich", "pytest", "yaml"}
NEED_EXTRAS = ("secure_s3.local.", "secure_s3.cli.", "secure_s3.transfer.progress")
NEED_EXTRAS += ("secure_s3.envelope.providers", "secure_s3.policy_pytest")

present = [name for name in sorted(EXTRAS) if importlib.util.find_spec(name)]
assert not present, f"the environment is not bare: {present}"
assert "site-packages" in secure_s3.__file__, secure_s3.__file__
for name in secure_s3.__all__:
    getattr(secure_s3, name)
for name in ("secure_s3.local", "secure_s3.cli.main"):
    importlib.import_module(name)
catalogue = importlib.import_module("secure_s3.policy.catalogue")
assert catalogue.action("s3:GetObject"), "the catalogue's data are not in the wheel"
count = 0
for module in pkgutil.walk_packages(secure_s3.__path__, "secure_s3."):
    if module.name == "secure_s3.__main__":
        continue
    try:
        importlib.import_module(module.name)
        count += 1
    except ModuleNotFoundError as error:
        if not (module.name.startswith(NEED_EXTRAS) and (error.name or "").partition(".")[0] in EXTRAS):
            raise
print(f"{len(secure_s3.__all__)} public names and {count} modules import without extras")
"""


class PackagingError(Exception):
    """What would be published is not what it should be."""


def wheel_findings(names: list[str], metadata: str, sources: set[str]) -> Iterator[str]:
    """What is wrong with a wheel of these files, this METADATA, and these files in the source tree."""
    info = next((name.partition("/")[0] for name in names if ".dist-info/" in name), "")
    for name in names:
        if name.partition("/")[0] not in {PACKAGE, info}:
            yield f"the wheel holds {name}, which is no part of the package"
    wanted = {*sources, f"{PACKAGE}/py.typed", f"{info}/licenses/LICENSE", f"{info}/entry_points.txt"}
    for name in sorted(wanted - set(names)):
        yield f"the wheel lacks {name}"
    fields = email.message_from_string(metadata)
    if fields["License-Expression"] != "Apache-2.0":
        yield f"the wheel's licence is {fields['License-Expression']!r}"
    for field in ("Requires-Python", "Summary", "Description-Content-Type"):
        if not fields[field]:
            yield f"the wheel's metadata has no {field}"


def sdist_findings(names: list[str], sources: set[str]) -> Iterator[str]:
    """What is wrong with an sdist of these files, its top folder removed."""
    documents = {"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "pyproject.toml", "tests/conftest.py"}
    for name in sorted({*sources, *documents, f"{PACKAGE}/py.typed"} - set(names)):
        yield f"the sdist lacks {name}"
    for name in names:
        hidden = "/." in f"/{name}" and name != ".gitignore"  # hatchling puts that one in
        if hidden or "__pycache__" in name or name.startswith(("build/", "dist/")):
            yield f"the sdist holds {name}"


def build(out: Path) -> tuple[Path, Path]:
    """The sdist, and the wheel built from it."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


def read(sdist: Path, wheel: Path) -> Iterator[str]:
    """What is wrong with the two files."""
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / PACKAGE).rglob("*.[jp]*")
        if path.suffix in (".py", ".json")
    }
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        yield from wheel_findings(names, archive.read(metadata).decode(), sources)
        licence = next((name for name in names if name.endswith("/licenses/LICENSE")), None)
        if licence and archive.read(licence) != (ROOT / "LICENSE").read_bytes():
            yield "the wheel's licence is not the repository's"
    with tarfile.open(sdist) as archive:
        yield from sdist_findings([name.partition("/")[2] for name in archive.getnames()], sources)


def try_bare(wheel: Path, folder: Path) -> None:
    """Installs the wheel without extras and uses it."""
    venv.create(folder / "bare", with_pip=True)
    scripts = folder / "bare" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    print(run(python, "-c", IMPORT_EVERYTHING, cwd=folder).strip())
    for command in ([scripts / "secure-s3"], [python, "-m", PACKAGE]):
        if "usage:" not in run(*command, "--help", cwd=folder).lower():
            raise PackagingError(f"{command[-1]} --help prints no usage")
    print("secure-s3 --help and python -m secure_s3 --help work without extras")
    run(python, "-m", "pip", "install", "--quiet", "pytest", cwd=folder)
    (folder / "test_nothing.py").write_text("def test_nothing(): pass\n", "utf-8")
    run(python, "-m", "pytest", "-W", "error", folder / "test_nothing.py", cwd=folder)
    print("pytest runs where the plugin's extras are absent")


def run(*command: object, cwd: Path = ROOT) -> str:
    """Runs a command; its output, or PackagingError with it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PackagingError(f"{' '.join(words)[:120]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> int:
    """Exit code 0 if all is well, 1 with the findings otherwise."""
    with tempfile.TemporaryDirectory(prefix="packaging-") as name:
        folder = Path(name)
        try:
            sdist, wheel = build(folder / "dist")
            findings = list(read(sdist, wheel))
            if findings:
                raise PackagingError("\n".join(findings))
            print(f"{sdist.name} and {wheel.name} hold what they should")
            try_bare(wheel, folder)
        except PackagingError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The server process: started, spoken to over its standard streams, and ended.

moto keeps its state in module globals, reads its account from the environment and is reset by every
``mock_aws()``. In a process of its own none of that can meet the application or its tests, and two
endpoints cannot see each other. The server ends when its standard input closes, so it does not outlive
the process that started it, however that one ends.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import LocalEndpointError
from .settings import ACCOUNT_ID

__all__ = ["ServerProcess", "require_extra"]

_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_NEEDED = ("moto", "flask", "trustme", "werkzeug")
_FOREIGN = ("AWS_", "MOTO_", "S3_", "TEST_", "PYTHON", "COV_")
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


def require_extra() -> None:
    """Raise LocalEndpointError when what the server stands on is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise LocalEndpointError(
            "The embedded endpoint needs packages that are not installed.",
            why=f"not found: {', '.join(missing)}",
            fix="pip install 'secure-s3[local]'",
        )


def _environment() -> dict[str, str]:
    """The server's own environment: nothing of the caller's AWS, moto or Python settings reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    kept["PYTHONPATH"] = os.pathsep.join([str(_PACKAGE_ROOT), *filter(None, sys.path)])
    kept["PYTHONDONTWRITEBYTECODE"] = os.environ.get("PYTHONDONTWRITEBYTECODE", "")
    kept["MOTO_ACCOUNT_ID"] = ACCOUNT_ID
    kept["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    kept["AWS_CONFIG_FILE"] = kept["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    kept["AWS_EC2_METADATA_DISABLED"] = "true"
    return kept


class ServerProcess:
    """One running server.

    Args:
        folder: A private folder for the CA certificate and the server's log.
        settings: What :func:`secure_s3.local.server.main.main` is told: port, region, min_tls.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._log = folder / "server.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from secure_s3.local.server.main import main; main()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=_PACKAGE_ROOT,
                env=_environment(),
            )
        try:
            self.started = self.ask({"do": "start", "folder": str(folder), **settings})
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process.poll() is None

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Send one line and return the answer; raises LocalEndpointError when there is none or it says so."""
        with self._lock:
            answer = self._exchange(json.dumps(question).encode() + b"\n")
        if not answer:
            raise LocalEndpointError(
                "The embedded endpoint does not answer.", why=self._last_words() or "its process has ended"
            )
        reply: dict[str, Any] = json.loads(answer)
        if "error" in reply:
            raise LocalEndpointError(reply["error"], why=reply.get("why", ""), fix=reply.get("fix", ""))
        return reply

    def stop(self) -> None:
        """End the server. In a forked child of the process that started it, this does nothing."""
        if os.getpid() != self._owner:
            return
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # the server went first
                    stream.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _exchange(self, line: bytes) -> bytes:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None or stdin.closed or not self.running:
            return b""
        watchdog = threading.Timer(_START_SECONDS, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            stdin.write(line)
            stdin.flush()
            return stdout.readline()
        except BrokenPipeError:
            return b""
        finally:
            watchdog.cancel()

    def _last_words(self) -> str:
        try:
            return self._log.read_text(errors="replace").strip()[-800:]
        except OSError:
            return ""

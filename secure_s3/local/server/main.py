"""The server process: one JSON question per line on standard input, one answer per line on standard output.

Questions are ``start``, ``reset``, ``create_key``, ``set_key_state``, ``set_clock`` and ``pretend``. The end
of standard input ends the process.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

from ..settings import HOST

__all__ = ["main"]


class Desk:
    """Answers the questions of the process that started this one."""

    def __init__(self) -> None:
        self._region = ""

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """One answer; what goes wrong is told in it, not raised."""
        try:
            return dict(getattr(self, "do_" + question.pop("do"))(**question))
        except OSError as error:
            return {"error": "The embedded endpoint cannot be started.", "why": str(error)}
        except Exception as error:  # the other side turns it into a LocalEndpointError
            logging.getLogger(__name__).exception("question failed")
            return {"error": "The embedded endpoint failed.", "why": f"{type(error).__name__}: {error}"}

    def do_start(self, *, folder: str, port: int, region: str, min_tls: str) -> dict[str, Any]:
        """Listen, with a new CA and a ready key."""
        from .certificates import issue
        from .clock import Clock
        from .front import Front
        from .listener import listen
        from .store import Store

        ca_bundle = Path(folder) / "ca.pem"
        context = issue(ca_bundle, min_tls=min_tls)
        self._region = region
        self._store = Store()
        self._clock = Clock()
        self._front = Front(self._store, self._clock)
        try:
            server = listen((HOST, port), self._front, context, self._clock)
        except OSError as error:
            return {
                "error": f"The embedded endpoint cannot listen on {HOST}:{port}.",
                "why": error.strerror or str(error),
                "fix": "choose another port, or 0 for any free one",
            }
        key = self._ready()
        threading.Thread(target=server.serve_forever, name="secure-s3-accept", daemon=True).start()
        url = f"https://{HOST}:{server.server_address[1]}"
        return {"endpoint_url": url, "ca_bundle": str(ca_bundle), "kms_key_arn": key}

    def do_reset(self) -> dict[str, Any]:
        """Forget everything but the listener and the ready key's ARN; the clock is this machine's again."""
        self._front.reset()
        self._clock.set_offset(0)
        return {"kms_key_arn": self._ready()}

    def _ready(self) -> str:
        """The user and the key that are there from the start; the key's ARN."""
        self._store.ready_user()
        return self._store.ready_key(self._region)

    def do_create_key(self, *, description: str) -> dict[str, Any]:
        """A further enabled symmetric key."""
        return {"kms_key_arn": self._store.create_key(self._region, description)}

    def do_set_key_state(self, *, key: str, state: str) -> dict[str, Any]:
        """Enable or disable a key."""
        self._store.set_key_state(key, state)
        return {}

    def do_set_clock(self, *, offset_seconds: float) -> dict[str, Any]:
        """Set the clock ahead of this machine's, or behind it if negative."""
        self._clock.set_offset(offset_seconds)
        return {}

    def do_pretend(self, **told: Any) -> dict[str, Any]:
        """Let other circumstances hold than those that the server sees."""
        from .judging.circumstances import Circumstances

        self._front.judge.circumstances = Circumstances.told(**told)
        return {}


def main() -> None:
    """Serve until standard input ends."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # moto prints now and then; that is no answer
    desk = Desk()
    for line in sys.stdin:
        answers.write(json.dumps(desk.answer(json.loads(line))) + "\n")
        answers.flush()
    os._exit(0)  # connections may be open; their threads must not keep the process

"""Do we and the Encryption SDK for JavaScript read each other? ``python -m tests.jobs.esdk_js [--record]``.

Opt-in, with node and npm. It installs ``@aws-crypto/client-node`` into a temporary folder, seals messages of
many sizes and contexts with both, opens each with the other, and shows that JavaScript refuses what was done
to ours. ``--record`` writes some of the messages from JavaScript to ``tests/envelope/vectors``.

Contexts whose names sort otherwise as text than as UTF-8 (upper case, accents, emoji) need
``utf8Sorting: true`` on JavaScript's raw AES keyring, whose default order differs from the other SDKs'.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from secure_s3.envelope.keys import DataKey, RawAesKey
from secure_s3.envelope.writer import Message
from tests.envelope.test_vectors import NO_KMS, header_and_key, opened
from tests.jobs.record_vectors import (
    CONTEXT,
    FRAME,
    KEY,
    KEY_HEX,
    NAME,
    NAMESPACE,
    UNICODE,
    finished,
    flipped,
    pattern,
    write_vector,
)  # fmt: skip

PACKAGE = "@aws-crypto/client-node"
VERSION = "5.0.2"
SCRIPT = Path(__file__).with_suffix(".mjs")
IDENTITY = {"name": NAME, "namespace": NAMESPACE, "hex": KEY_HEX, "utf8": True}
COMMITTING, SIGNED, OLD = 0x0478, 0x0578, 0x0178
FRAMES = (256, 1024, 4096, 65536)
MIXED = {"a": "lower", "B": "upper", "Ü" * 300: "ß" * 300}
CONTEXTS: tuple[dict[str, str], ...] = (CONTEXT, {}, UNICODE, MIXED)


def sizes(frame: int) -> list[int]:
    """Where a frame begins or ends."""
    return [0, 1, frame - 1, frame, frame + 1, 2 * frame - 1, 2 * frame, 2 * frame + 1, 5 * frame + 77]


def ask(folder: str, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What JavaScript answers to each job."""
    command = ["node", str(Path(folder, SCRIPT.name))]
    done = subprocess.run(command, input=json.dumps(jobs), check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def decrypting(message: bytes) -> dict[str, Any]:
    """The job to decrypt a message."""
    return {"input": base64.b64encode(message).decode(), "key": IDENTITY}


def encrypting(plain: bytes, context: Mapping[str, str], frame: int, suite: int) -> dict[str, Any]:
    """The job to encrypt."""
    return decrypting(plain) | {"encrypt": True, "context": dict(context), "frame": frame, "suite": suite}


def ours_to_js(folder: str) -> int:
    """JavaScript opens what we sealed; how many messages."""
    cases = [(frame, size, CONTEXT) for frame in FRAMES for size in sizes(frame)]
    cases += [(FRAME, size, context) for context in CONTEXTS for size in (0, 2 * FRAME + 9)]
    jobs = []
    for frame, size, context in cases:
        data_key: DataKey = KEY.new_data_key(context, NO_KMS)
        jobs.append(decrypting(finished(Message(data_key, context, frame), pattern(size))))
    for (frame, size, context), answer in zip(cases, ask(folder, jobs), strict=True):
        if "error" in answer:
            raise SystemExit(f"ours, frames of {frame}, {size} bytes, {context}: {answer['error']}")
        assert base64.b64decode(answer["output"]) == pattern(size)
        assert answer["context"] == context
    return len(cases)


def js_to_ours(folder: str) -> int:
    """We open what JavaScript sealed, with and without a signature; how many messages."""
    suites = (COMMITTING, SIGNED)
    cases = [(size, CONTEXT, frame, suite) for suite in suites for frame in FRAMES for size in sizes(frame)]
    cases += [(2 * FRAME + 9, context, FRAME, suite) for context in CONTEXTS for suite in suites]
    answers = ask(folder, [encrypting(pattern(size), *how) for size, *how in cases])
    for (size, context, frame, suite), answer in zip(cases, answers, strict=True):
        if "error" in answer:
            raise SystemExit(f"JavaScript, frames of {frame}, {size} bytes: {answer['error']}")
        message = base64.b64decode(answer["output"])
        assert b"".join(opened(message, KEY)) == pattern(size)
        header, _ = header_and_key(message, KEY)
        assert (header.suite.id, header.frame_bytes) == (suite, frame)
        assert {name: header.context.get(name) for name in context} == context
    return len(cases)


def js_refuses(folder: str) -> list[str]:
    """JavaScript refuses what was done to ours; what it accepts all the same."""
    plain = pattern(2 * FRAME + 100)
    whole = finished(Message(KEY.new_data_key(CONTEXT, NO_KMS), CONTEXT, FRAME), plain)
    head = header_and_key(whole, KEY)[0].length
    wire = FRAME + 32
    frames = [whole[head : head + wire], whole[head + wire : head + 2 * wire], whole[head + 2 * wire :]]
    other = RawAesKey("test/other", bytes(32), namespace=NAMESPACE)
    bad = {
        "message id": flipped(whole, 3),
        "context": flipped(whole, whole.index(b"reports")),
        "commitment": flipped(whole, head - 17),
        "header tag": flipped(whole, head - 1),
        "ciphertext": flipped(whole, head + 20),
        "tag": flipped(whole, head + wire - 1),
        "final frame": flipped(whole, len(whole) - 20),
        "order": whole[:head] + frames[1] + frames[0] + frames[2],
        "missing frame": whole[:head] + frames[0] + frames[2],
        "missing end": whole[: head + 2 * wire],
        "cut": whole[:-1],
        "trailing byte": whole + b"\0",
        "other key": finished(Message(other.new_data_key(CONTEXT, NO_KMS), CONTEXT, FRAME), plain),
    }
    answers = ask(folder, [decrypting(message) for message in (whole, *bad.values())])
    assert "error" not in answers[0]
    return [name for name, answer in zip(bad, answers[1:], strict=True) if "error" not in answer]


def js_default_order(folder: str) -> str:
    """What JavaScript says to our message with such a context if its keyring has the default order."""
    message = finished(Message(KEY.new_data_key(MIXED, NO_KMS), MIXED, FRAME), b"x")
    (answer,) = ask(folder, [decrypting(message) | {"key": IDENTITY | {"utf8": False}}])
    return answer.get("error", "opened")


def record(folder: str) -> None:
    """Write messages from JavaScript as vectors."""
    maker, plain = f"{PACKAGE} {VERSION}", pattern(2 * FRAME + 100)
    good = {
        "empty": (b"", CONTEXT, COMMITTING),
        "frames": (plain, CONTEXT, COMMITTING),
        "exact": (pattern(2 * FRAME), CONTEXT, COMMITTING),
        "unicode": (plain, UNICODE, COMMITTING),
        "signed": (plain, CONTEXT, SIGNED),
        "signed-empty": (b"", UNICODE, SIGNED),
    }
    jobs = [encrypting(data, context, FRAME, suite) for data, context, suite in good.values()]
    jobs.append(encrypting(plain, CONTEXT, FRAME, OLD))
    *messages, old = [base64.b64decode(answer["output"]) for answer in ask(folder, jobs)]
    for (name, (data, context, suite)), message in zip(good.items(), messages, strict=True):
        write_vector(f"js-{name}", f"suite 0x{suite:04x}", message, data, context, made_by=maker)
    refusal = ("DowngradeError", "does not commit to its key")
    comment = f"suite 0x{OLD:04x}, which does not commit"
    write_vector("bad-js-0178", comment, old, plain, CONTEXT, made_by=maker, refusal=refusal)
    refusal = ("TamperedError", "is missing, out of its place")
    cut, comment = messages[2][: -40 - len(good["exact"][0]) % FRAME - 10], "the end is missing"
    write_vector("bad-js-cut", comment, cut, good["exact"][0], CONTEXT, made_by=maker, refusal=refusal)


def main() -> int:
    """Install the SDK, and run everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.jobs.esdk_js")
    parser.add_argument("--record", action="store_true", help="write vectors")
    recording = parser.parse_args().record
    if not (shutil.which("node") and shutil.which("npm")):
        print("node and npm are needed")
        return 2
    with tempfile.TemporaryDirectory(prefix="secure-s3-js-") as folder:
        print(f"installing {PACKAGE} {VERSION}", flush=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True)
        shutil.copy(SCRIPT, folder)
        print(f"JavaScript opened {ours_to_js(folder)} messages of ours")
        print(f"we opened {js_to_ours(folder)} messages of JavaScript")
        accepted = js_refuses(folder)
        print(f"tampered messages of ours that JavaScript accepts: {', '.join(accepted) or 'none'}")
        print(
            f"JavaScript without utf8Sorting, upper and lower case in the context: {js_default_order(folder)}"
        )
        if recording:
            record(folder)
    return 0 if accepted in ([], ["trailing byte"]) else 1


if __name__ == "__main__":
    sys.exit(main())

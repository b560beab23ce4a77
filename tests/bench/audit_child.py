"""Answers recorded requests over TLS, each after the time that is its own: 80 to 150 ms.

Argument: a folder with ``answers.json``, in which it writes ``ca.pem``. It prints its port, and ends when its
standard input does. A request that was not recorded is answered with 500.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from secure_s3.local.server.certificates import issue
from tests.bench.audit_latency import key_of, seconds_of


async def main(folder: Path) -> None:
    """Serve until standard input ends."""
    answers: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    context = issue(folder / "ca.pem", min_tls="1.3")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *rest = head.decode("latin-1").split("\r\n")
                headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}
                body = await reader.readexactly(int(headers.get("content-length") or 0))
                method, path, _ = line.split(" ")
                key = key_of(method, path, headers.get("x-amz-target", ""), body)
                status, told, content = answers.get(key) or (500, {}, "")
                await asyncio.sleep(seconds_of(key))
                sent = base64.b64decode(content)
                lines = [f"HTTP/1.1 {status} Answer", *(f"{name}: {value}" for name, value in told.items())]
                if method != "HEAD":
                    lines.append(f"content-length: {len(sent)}")
                writer.write("\r\n".join([*lines, "", ""]).encode() + sent)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # whoever is still connected has ended, too


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

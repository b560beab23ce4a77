"""Does s3fs write encrypted as configured?  ``python -m tests.jobs.s3fs``, opt-in.

s3fs stands on aiobotocore, which pins an older botocore than the newest; in an environment of its own it
drags nothing else down. The job makes that environment in a temporary folder, installs s3fs, then this
package with ``[local]`` and boto3 of the very version of the botocore that aiobotocore chose, and runs
itself in there (``--inside``) against the embedded endpoint.

``harden()`` takes boto3's sessions and clients only. What this job puts on aiobotocore's event emitter are
the guard's pure checks, which are no public API: parameters, the look at the wire, the answer. The TLS
minimum is not pinned there, because aiobotocore's HTTP session is another one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
BUCKET = "amzn-s3-demo-bucket"
LARGE = 12 << 20  # three parts of s3fs


def main() -> int:
    """Make the environment, and run the checks in it."""
    with tempfile.TemporaryDirectory(prefix="secure-s3-s3fs-") as folder:
        print("making a virtual environment", flush=True)
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "Scripts" if os.name == "nt" else "bin", "python"))
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        print("installing s3fs", flush=True)
        subprocess.run([*pip, "s3fs"], check=True)
        version = subprocess.run(
            [python, "-c", "import botocore; print(botocore.__version__)"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        # Both named, pip has nothing to search for; boto3 and botocore are released under the same numbers.
        print(f"installing secure-s3[local] on botocore {version}, which aiobotocore chose", flush=True)
        subprocess.run([*pip, f"{ROOT}[local]", f"boto3=={version}", f"botocore=={version}"], check=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment.pop("PYTHONPATH", None)
        job = [python, str(Path(__file__).resolve()), "--inside"]
        return subprocess.run(job, cwd=folder, env=environment, check=False).returncode


def guard(session: Any, strategy: Any, profile: Any, host: str) -> None:
    """Put the guard's checks on the event emitter of an aiobotocore session."""
    from secure_s3.guard.requests import apply_strategy, check_wire
    from secure_s3.guard.responses import check_answer

    def parameters(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        apply_strategy(params, model.name, strategy, profile)
        context["where"] = (params.get("Bucket"), params.get("Key"))

    def wire(request: Any, operation_name: str, **_: Any) -> None:
        check_wire(request.url, request.headers, operation_name, strategy, lambda name: name == host)

    def answer(parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if parsed["ResponseMetadata"]["HTTPStatusCode"] < 300:
            bucket, key = context["where"]
            check_answer(parsed, model.name, strategy, bucket=bucket, key=key)

    events = session.get_component("event_emitter")
    events.register_last("before-parameter-build.s3", parameters, unique_id="s3fs-parameters")
    events.register_last("before-sign.s3", wire, unique_id="s3fs-wire")
    events.register_last("after-call.s3", answer, unique_id="s3fs-answer")


def inside() -> int:
    """Write with s3fs in every way it has, and look at what landed with plain boto3."""
    import aiobotocore
    import botocore
    import s3fs
    from aiobotocore.session import AioSession

    from secure_s3 import STANDARD, SseKms, errors
    from secure_s3.local import LocalAws

    print(f"s3fs {s3fs.__version__}, aiobotocore {aiobotocore.__version__}, botocore {botocore.__version__}")
    with LocalAws() as aws:
        aws.create_bucket(BUCKET)
        plain = aws.session()
        credentials = plain.get_credentials()
        session = AioSession()
        guard(session, SseKms(aws.kms_key_arn), STANDARD, urlsplit(aws.endpoint_url).hostname or "")
        files = s3fs.S3FileSystem(
            session=session,
            endpoint_url=aws.endpoint_url,
            key=credentials.access_key,
            secret=credentials.secret_key,
            client_kwargs={"verify": aws.ca_bundle, "region_name": aws.region},
            skip_instance_cache=True,
        )
        with files.open(f"{BUCKET}/small", "wb") as file:
            file.write(b"hello")
        with files.open(f"{BUCKET}/large", "wb", block_size=5 << 20) as file:
            file.write(b"x" * LARGE)
        files.copy(f"{BUCKET}/small", f"{BUCKET}/copy")
        Path("local.txt").write_text("hello")
        files.put_file("local.txt", f"{BUCKET}/put")

        client: Any = plain.client("s3")
        for key, size in (("small", 5), ("large", LARGE), ("copy", 5), ("put", 5)):
            head = client.head_object(Bucket=BUCKET, Key=key)
            landed = [head.get(name) for name in ("ServerSideEncryption", "SSEKMSKeyId", "ContentLength")]
            print(f"{key:6}", *landed)
            if landed != ["aws:kms", aws.kms_key_arn, size]:
                return 1
        if files.cat_file(f"{BUCKET}/small") != b"hello":
            return 1
        try:
            files.pipe_file(f"{BUCKET}/other", b"x", ServerSideEncryption="AES256")
        except errors.EncryptionConflict as error:
            print("refused:", error.what)
        else:
            return 1
    print("s3fs writes encrypted as configured")
    return 0


if __name__ == "__main__":
    if "--inside" in sys.argv:
        sys.path.pop(0)  # this folder, in which the name s3fs is this file
        sys.exit(inside())
    sys.exit(main())

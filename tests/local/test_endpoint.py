"""LocalAws: its life, its session, and what it keeps apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from secure_s3 import errors
from secure_s3.local import LocalAws, process


def test_start_and_stop() -> None:
    """A stopped endpoint leaves no process and no file, and can be stopped again."""
    aws = LocalAws()
    aws.start()
    bundle, server = Path(aws.ca_bundle), aws._server
    assert bundle.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert bundle.parent.stat().st_mode & 0o077 == 0
    aws.stop()
    aws.stop()
    assert server is not None
    assert not server.running
    assert not bundle.parent.exists()


def test_second_start(local_aws: LocalAws) -> None:
    """Starting a running endpoint is refused."""
    with pytest.raises(errors.LocalEndpointError, match="already"):
        local_aws.start()


def test_port_in_use(local_aws: LocalAws) -> None:
    """A port in use is named in the error."""
    port = urlsplit(local_aws.endpoint_url).port or 0
    with pytest.raises(errors.LocalEndpointError, match=str(port)):
        LocalAws(port=port).start()


@pytest.mark.parametrize("arguments", [{"port": -1}, {"port": 65536}, {"min_tls": "1.1"}, {"min_tls": ""}])
def test_bad_arguments(arguments: dict[str, Any]) -> None:
    """Arguments that mean nothing, or a TLS version too old, are refused at once."""
    with pytest.raises(errors.ConfigurationError):
        LocalAws(**arguments)


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error says how to install it."""
    monkeypatch.setattr(process, "find_spec", lambda _name: None)
    with pytest.raises(errors.LocalEndpointError, match=r"pip install 'secure-s3\[local\]'"):
        LocalAws().start()


def test_not_running() -> None:
    """An endpoint that does not run has no address."""
    with pytest.raises(errors.LocalEndpointError, match="not running"):
        _ = LocalAws().endpoint_url


def test_two_at_once(local_aws: LocalAws) -> None:
    """Two endpoints do not see each other's buckets."""
    local_aws.create_bucket("amzn-s3-demo-bucket")
    with LocalAws() as other:
        client = other.session().client("s3")
        assert client.list_buckets()["Buckets"] == []
        client.close()


def test_server_dies_with_its_starter(tmp_path: Path) -> None:
    """When the starting process is killed, the server goes too."""
    script = (
        "import os, sys; from secure_s3.local import LocalAws; aws = LocalAws(); aws.start();"
        "print(aws._server.pid, flush=True); sys.stdin.read()"
    )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "TMPDIR": str(tmp_path),
    }
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
        starter.wait()
    server = Path(f"/proc/{pid}/stat")
    for _ in range(200):
        if not server.exists() or server.read_text().split()[2] == "Z":
            return
        subprocess.run(["sleep", "0.05"], check=True)
    pytest.fail("the server outlived the process that started it")


def test_deaf_session(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The session ignores variables and files that would send it elsewhere."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(
        "[default]\nendpoint_url = https://192.0.2.1\nregion = us-west-2\n"
    )
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_CA_BUNDLE": "/nowhere.pem",
        "REQUESTS_CA_BUNDLE": "/nowhere.pem",
        "AWS_ENDPOINT_URL": "https://192.0.2.1",
        "AWS_ENDPOINT_URL_S3": "https://192.0.2.1",
        "AWS_PROFILE": "no-such-profile",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE",
        "HTTPS_PROXY": "http://192.0.2.1:9",
        "NO_PROXY": "",
    }.items():
        monkeypatch.setenv(name, value)
    session = local_aws.session()
    for service in ("s3", "kms", "sts"):
        client = session.client(service)
        assert client.meta.endpoint_url == local_aws.endpoint_url
        client.close()
    s3 = session.client("s3")
    assert s3.list_buckets()["Buckets"] == []
    s3.close()
    assert session.region_name == "eu-west-1"
    assert session.get_credentials().access_key == "AKIAIOSFODNN7EXAMPLE"


def test_account(local_aws: LocalAws) -> None:
    """Everything belongs to account 111122223333."""
    session = local_aws.session()
    sts, kms = session.client("sts"), session.client("kms")
    assert sts.get_caller_identity()["Account"] == "111122223333"
    metadata = kms.describe_key(KeyId=local_aws.kms_key_arn)["KeyMetadata"]
    assert (metadata["AWSAccountId"], metadata["KeyState"]) == ("111122223333", "Enabled")
    assert local_aws.kms_key_arn.startswith("arn:aws:kms:eu-west-1:111122223333:key/")
    sts.close()
    kms.close()


def test_users_own_mock(local_aws: LocalAws) -> None:
    """A mock_aws() of the same process keeps its own account, and does not reset the endpoint."""
    import boto3
    from moto import mock_aws

    local_aws.create_bucket("amzn-s3-demo-bucket")
    with mock_aws():
        mocked = boto3.client(
            "sts",
            region_name="eu-west-1",
            aws_access_key_id="AKIAI44QH8DHBEXAMPLE",
            aws_secret_access_key="x",
        )
        assert mocked.get_caller_identity()["Account"] == "123456789012"
    client = local_aws.session().client("s3")
    assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["amzn-s3-demo-bucket"]
    client.close()


def test_reset(local_aws: LocalAws) -> None:
    """A reset forgets buckets and keys; the ready key is enabled again under the same ARN."""
    arn, other = local_aws.kms_key_arn, local_aws.create_key()
    local_aws.create_bucket("amzn-s3-demo-bucket")
    local_aws.disable_key(arn)
    local_aws.reset()
    client, kms = local_aws.session().client("s3"), local_aws.session().client("kms")
    assert client.list_buckets()["Buckets"] == []
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["Enabled"]
    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId=other)
    client.close()
    kms.close()


def test_environment(local_aws: LocalAws) -> None:
    """Another process reaches the endpoint with the variables of environment()."""
    script = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    local_aws.create_bucket("amzn-s3-demo-bucket")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**kept, **local_aws.environment(), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "amzn-s3-demo-bucket"


def test_plugin_is_light() -> None:
    """Importing the pytest plugin, which every run does, imports neither boto3 nor moto nor the server."""
    script = (
        "import sys, secure_s3.local.pytest_plugin as p;"
        "print([m for m in ('moto', 'trustme', 'flask', 'secure_s3.local.server') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_ready_credentials_are_a_users(local_aws: LocalAws) -> None:
    """The ready credentials are those of an IAM user who may do everything, also after a reset."""
    session = local_aws.session()
    sts, iam = session.client("sts"), session.client("iam")
    for _ in range(2):
        assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::111122223333:user/local"
        policy = iam.get_user_policy(UserName="local", PolicyName="everything")["PolicyDocument"]
        assert policy["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
        key = iam.list_access_keys(UserName="local")["AccessKeyMetadata"][0]["AccessKeyId"]
        assert key == local_aws.environment()["AWS_ACCESS_KEY_ID"]
        local_aws.reset()
    sts.close()
    iam.close()


def arn_of(session: Any) -> str:
    """Who a session is, as STS says."""
    sts = session.client("sts")
    try:
        return str(sts.get_caller_identity()["Arn"])
    finally:
        sts.close()


def test_session_of_a_user(local_aws: LocalAws) -> None:
    """A session may be a user's: one key serves all its sessions, a new user has a new one."""
    iam = local_aws.session().client("iam")
    for _ in range(2):
        iam.create_user(UserName="alice")
        for _ in range(3):  # IAM gives a user two keys at most
            session = local_aws.session(user="alice")
        assert arn_of(session) == "arn:aws:iam::111122223333:user/alice"
        local_aws.reset()
    with pytest.raises(errors.NotFound, match="alice"):
        local_aws.session(user="alice")
    iam.close()


def test_session_of_a_role(local_aws: LocalAws) -> None:
    """A session may be a role's, by name or ARN, narrowed by a policy; a role that denies it is not taken."""
    iam = local_aws.session().client("iam")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    for name, effect in (("App", "Allow"), ("Closed", "Deny")):
        trust = {"Effect": effect, "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        made = iam.create_role(RoleName=name, Path="/team/", AssumeRolePolicyDocument=document)["Role"]
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(everything))
    iam.close()
    assert arn_of(local_aws.session(role="App")) == "arn:aws:sts::111122223333:assumed-role/App/test"
    narrow = {"Version": "2012-10-17", "Statement": []}
    session = local_aws.session(role=made["Arn"].replace("Closed", "App"), session_name="ci", policy=narrow)
    assert arn_of(session) == "arn:aws:sts::111122223333:assumed-role/App/ci"
    s3 = session.client("s3")
    with pytest.raises(s3.exceptions.ClientError, match="no session policy allows"):
        s3.list_buckets()
    s3.close()
    with pytest.raises(errors.AccessDenied):
        local_aws.session(role="Closed")
    with pytest.raises(errors.NotFound):
        local_aws.session(role="Nobody")


@pytest.mark.parametrize(
    "arguments",
    [
        {"user": "a", "role": "b"},
        {"policy": {}},
        {"user": "a", "policy": {}},
        {"credentials": {}},
        {"credentials": {"AccessKeyId": "AKIAI44QH8DHBEXAMPLE"}},
        {"credentials": {"AccessKeyId": "AKIAI44QH8DHBEXAMPLE", "SecretAccessKey": None}},
        {"credentials": {"aws_access_key_id": "AKIAI44QH8DHBEXAMPLE", "aws_secret_access_key": "secret"}},
    ],
)
def test_session_of_nobody(local_aws: LocalAws, arguments: dict[str, Any]) -> None:
    """Two callers at once, a policy that narrows none, and half of a key are refused; no secret is said."""
    with pytest.raises(errors.ConfigurationError) as caught:
        local_aws.session(**arguments)
    assert "secret" not in str(caught.value)

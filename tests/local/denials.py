"""What the parser of denials makes of the endpoint's answers."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from secure_s3.denials import Denial, parse_denial


def denial(operation: Any, **arguments: Any) -> Denial:
    """Call an operation that must be refused; gives what the answer says."""
    with pytest.raises(ClientError) as caught:
        operation(**arguments)
    error, response = caught.value.response["Error"], caught.value.response["ResponseMetadata"]
    assert response["RequestId"]
    return parse_denial(
        operation=caught.value.operation_name,
        status=response["HTTPStatusCode"],
        code=error["Code"],
        message=error["Message"],
    )

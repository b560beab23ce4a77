"""The fixed values that both sides of the embedded endpoint agree on.

Account, key id and credentials are the examples that AWS prints in its own documentation, so that nobody
can mistake them for real ones.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ACCESS_KEY_ID", "ACCOUNT_ID", "HOST", "KEY_ID", "SECRET_ACCESS_KEY", "USER_NAME"]

HOST: Final = "127.0.0.1"
ACCOUNT_ID: Final = "111122223333"
USER_NAME: Final = "local"
KEY_ID: Final = "1234abcd-12ab-34cd-56ef-1234567890ab"
ACCESS_KEY_ID: Final = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY: Final = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105 - printed in the AWS documentation

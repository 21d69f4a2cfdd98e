"""What the object store wants to be told: `object_store:`. config composes this with what the other parts declare."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

_URL = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*))?/?"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ObjectStoreSettings(BaseModel):
    """Where the bodies of large held messages lie, sealed, beside the store."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        description="The bucket, and a prefix of this store's own in it. Required. Example: "
        "s3://mailguard-held/elmroad. "
        "Whoever else writes there can make held messages unreadable, never read them."
    )
    endpoint: str = Field(
        description="Where the S3 API answers, https:// (http:// only on this machine). Required. Example: "
        "https://s3.eu-west-2.amazonaws.com. While it does not answer, large messages that would be held are deferred."
    )
    region: str = Field(
        default="us-east-1",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="The region that requests are signed for. Default: us-east-1, which most servers other than "
        "Amazon's take. Example: eu-west-2. With another one than the bucket's every request is refused.",
    )
    access_key_file: Path | None = Field(
        default=None,
        description="A file whose first line is the access key. Default: none, AWS_ACCESS_KEY_ID of the environment. "
        "Example: /etc/mailguard/objects.access. Read at the start.",
    )
    secret_key_file: Path | None = Field(
        default=None,
        description="A file whose first line is the secret key. Default: none, AWS_SECRET_ACCESS_KEY of the "
        "environment. Example: /etc/mailguard/objects.secret. Read at the start; keep it at mode 0600.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authority that signed the endpoint's certificate. Default: the system's. Example: "
        "/etc/mailguard/ca.pem.",
    )
    larger_than_bytes: int = Field(
        default=1024 * 1024,
        ge=1,
        description="Held messages above this many bytes lie in the object store, others in the database. Default: "
        "1048576. Example: 5242880. What lies somewhere already stays there.",
    )
    timeout_seconds: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description="How long one request (at most 4 MB) may take, with what is tried again, in seconds. Default: 10. "
        "Example: 5. After that the message is deferred with 451.",
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> ObjectStoreSettings:
        if not _URL.fullmatch(self.url):
            raise ValueError('"url" is a bucket and perhaps a prefix, as in s3://mailguard-held/elmroad')
        parts = urlsplit(self.endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError('"endpoint" is an address such as https://s3.eu-west-2.amazonaws.com')
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError(
                '"endpoint" begins with https, or is on this machine: in plain HTTP anybody on the way could change or '
                "take away what is kept"
            )
        if (self.access_key_file is None) != (self.secret_key_file is None):
            raise ValueError('"access_key_file" and "secret_key_file" go together')
        return self

    @property
    def bucket(self) -> str:
        return self._parts()[0]

    @property
    def prefix(self) -> str:
        """Without slashes around it; empty for the whole bucket."""
        return self._parts()[1]

    def _parts(self) -> tuple[str, str]:
        found = _URL.fullmatch(self.url)
        assert found is not None
        return found["bucket"], found["prefix"] or ""

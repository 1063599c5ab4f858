"""The form of an entry of the cache: a checksum, and values that `marshal` can write. Loads quickly: a
cached module starts without the compiler, and without `hashlib`, which takes OpenSSL along."""

from __future__ import annotations

import marshal
from _blake2 import blake2b

from wasmdialect._static import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_CHECK_SIZE = 16


def key_of(*parts: str | bytes | memoryview) -> str:
    """A key, in hexadecimal: a digest of the parts; no two different sequences have the same."""
    state = blake2b(digest_size=32)
    for part in parts:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def seal(key: str, plain: Any) -> bytes:
    """The entry for some values under a key."""
    payload = marshal.dumps(plain)
    return _check(key, payload) + payload


def unseal(key: str, data: bytes | None) -> Any:
    """The values of an entry; None if there is none, or it is damaged or belongs under another key."""
    if data is None:
        return None
    payload = data[_CHECK_SIZE:]
    if _check(key, payload) != data[:_CHECK_SIZE]:
        return None
    try:
        return marshal.loads(payload)
    except (EOFError, ValueError, TypeError):
        return None


def _check(key: str, payload: bytes) -> bytes:
    """The checksum that detects a damaged entry, or one under a wrong key."""
    return blake2b(key.encode() + payload, digest_size=_CHECK_SIZE).digest()

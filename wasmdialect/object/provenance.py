"""The origin of an artifact: `.wasmdialect.provenance`, CBOR. With the settings and passes of
`.wasmdialect.engine` it has all that is needed to build the same bytes again, and nothing about when,
where and by whom they were built.
"""

from __future__ import annotations

from wasmdialect._forms import U64, Integer, text, texts
from wasmdialect._records import FrozenRecord
from wasmdialect.object.cbor import read_cbor, write_cbor
from wasmdialect.object.forms import record_of


class PassProvenance(FrozenRecord):
    """A pass of the expanded pipeline."""

    text: str
    """Its name and options."""
    digest: str
    """SHA-256 of its source."""


class Provenance(FrozenRecord):
    """The input of an artifact, and the versions of the tools."""

    input_sha256: str
    input_size: int
    versions: dict[str, str]

    @staticmethod
    def of(binary: bytes, versions: dict[str, str]) -> Provenance:
        """The provenance of an artifact of a module."""
        import hashlib  # takes 3 ms to load; only compiling needs it

        return Provenance(hashlib.sha256(binary).hexdigest(), len(binary), versions)

    def to_bytes(self) -> bytes:
        """The section's bytes."""
        return write_cbor(vars(self))

    @staticmethod
    def from_bytes(data: bytes) -> Provenance:
        """Raises ValueError."""
        return _PROVENANCE(read_cbor(data))


_PROVENANCE = record_of(Provenance, input_sha256=text, input_size=Integer(0, U64), versions=texts)

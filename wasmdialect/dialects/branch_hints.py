"""Hints of branches: an attribute that says whether the first target is likely. It changes nothing but
what passes and LLVM guess, and means the same on `wasmir.br_if` and on `llvm.cond_br`.
"""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Attribute, Operation

HINT = "hint"
"""The attribute of a branch: `"likely"` or `"unlikely"`."""
_ATTRIBUTES: dict[bool, Attribute] = {True: StringAttr("likely"), False: StringAttr("unlikely")}
_VALUES = {attribute: likely for likely, attribute in _ATTRIBUTES.items()}


def set_hint(branch: Operation, likely: bool | None) -> None:
    """Say whether the first target of a branch is likely; None says nothing."""
    if likely is not None:
        branch.attributes[HINT] = _ATTRIBUTES[likely]


def hint_of(branch: Operation) -> bool | None:
    """Whether a branch says that its first target is likely; None if it says nothing, or nothing that
    is known."""
    attribute = branch.attributes.get(HINT)
    return None if attribute is None else _VALUES.get(attribute)

"""The typing rules of instructions that the table does not type: one for each, found by opcode."""

from __future__ import annotations

from wasmdialect.wasm.rules import aggregate, control, memory, reference, table, vector
from wasmdialect.wasm.rules.lookup import RULES, typed

__all__ = ["RULES", "aggregate", "control", "memory", "reference", "table", "typed", "vector"]

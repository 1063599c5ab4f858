"""Runs artifacts for aarch64 on any machine: QEMU's processor emulation, as the library unicorn, in the
place of the native glue.

The emulated processor sees this process's memory at its own addresses, so instances, tables and
memories are the runtime's real ones; only the code is emulated. What it calls outside its text (host
functions, builtins) is served here.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import unicorn
from unicorn import arm64_const as arm64

from wasmdialect.abi.builtins import BUILTIN_COUNT, BUILTINS
from wasmdialect.abi.layout import RUNTIME_LIMITS
from wasmdialect.abi.traps import TrapCode
from wasmdialect.runtime import builtins as builtin_functions
from wasmdialect.runtime import module as module_room
from wasmdialect.runtime import store as store_room
from wasmdialect.runtime.instance import instance_at
from wasmdialect.runtime.native import NativeGlue, TrapRecord, native
from wasmdialect.runtime.native.outcomes import TrapKind

PAGE = mmap.PAGESIZE
STACK_SIZE = 1 << 20
RESERVE = 64 * 1024
"""Bytes of the stack below the limit, for functions that do not check it."""
RETURN_TO = 0x10
"""An address that nothing is at: where the outermost function returns to."""
_ARGUMENTS = [getattr(arm64, f"UC_ARM64_REG_X{n}") for n in range(8)]


class _Left(Exception):
    """Compiled code was left without returning."""

    def __init__(self, kind: TrapKind, code: int | None):
        self.kind = kind
        self.code = code


class Emulator:
    """One processor, which calls functions in memory."""

    def __init__(self) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
        self.uc.hook_add(unicorn.UC_HOOK_MEM_UNMAPPED, self._on_unmapped)
        self.uc.hook_add(unicorn.UC_HOOK_INTR, self._on_interrupt)
        self._mapped: set[int] = set()
        self._trapped = False
        self._stack = mmap.mmap(-1, STACK_SIZE)
        self.stack = ctypes.addressof(ctypes.c_char.from_buffer(self._stack))
        self.depth = 0
        # Floating-point instructions are off until they are switched on.
        self.uc.reg_write(arm64.UC_ARM64_REG_CPACR_EL1, 3 << 20)

    def call(
        self, function: int, callee: int, caller: int, slots: int, count: int, limits: int, _: int
    ) -> TrapRecord | None:
        """What the native glue's `call` does."""
        uc = self.uc
        saved = uc.context_save()
        stack_limit = ctypes.c_uint64.from_address(
            limits + RUNTIME_LIMITS.field("stack_limit").offset
        )
        if self.depth == 0:
            stack_limit.value = self.stack + RESERVE
            uc.reg_write(arm64.UC_ARM64_REG_SP, self.stack + STACK_SIZE - 64)
            uc.reg_write(arm64.UC_ARM64_REG_FP, 0)
        self.depth += 1
        for register, value in zip(_ARGUMENTS, (callee, caller, slots, count), strict=False):
            uc.reg_write(register, value)
        uc.reg_write(arm64.UC_ARM64_REG_LR, RETURN_TO)
        try:
            self._run(function, limits)
        except _Left as left:
            return self._record(left)
        finally:
            self.depth -= 1
            uc.context_restore(saved)
        return None

    def _run(self, pc: int, limits: int) -> None:
        """Emulate until the outermost function returns. Raises _Left."""
        uc = self.uc
        while pc != RETURN_TO:
            self._trapped = False
            try:
                uc.emu_start(pc, RETURN_TO)
            except unicorn.UcError as error:
                if error.errno not in (
                    unicorn.UC_ERR_FETCH_UNMAPPED,
                    unicorn.UC_ERR_FETCH_PROT,
                ):
                    raise
            pc = uc.reg_read(arm64.UC_ARM64_REG_PC)
            if self._trapped:
                raise _Left(TrapKind.SIGNAL_ILL, self._trap_code(pc))
            if pc != RETURN_TO:
                self._serve(pc, limits)
                pc = uc.reg_read(arm64.UC_ARM64_REG_LR)

    def _serve(self, pc: int, limits: int) -> None:
        """Do what a call out of the text asks for."""
        arguments = [self.uc.reg_read(register) for register in _ARGUMENTS]
        result = 0
        pending = ctypes.c_int64.from_address(limits + RUNTIME_LIMITS.field("pending_error").offset)
        if pc == store_room._array_call_address():
            store_room._call_host(*arguments[:4])
            return  # the trampoline looks at what is pending
        name = self._builtin_at(pc)
        if name == "memmove":
            ctypes.memmove(arguments[1], arguments[2], arguments[3])
        elif name == "memset":
            ctypes.memset(arguments[1], arguments[2] & 0xFF, arguments[3])
        elif name != "raise_pending":
            function: Callable[..., Any] = builtin_functions._BUILTINS[name]
            row = BUILTINS[name]
            values = [
                a & 0xFFFF_FFFF if t == "i32" else a
                for a, t in zip(arguments[1:], row.params, strict=False)
            ]
            instance = instance_at(arguments[0])
            assert instance is not None
            try:
                result = function(instance, *values) or 0
            except BaseException as error:
                instance.store.fail(error)
        if pending.value:
            pending.value = 0
            raise _Left(TrapKind.HOST_ERROR, None)
        self.uc.reg_write(arm64.UC_ARM64_REG_X0, result)

    def _builtin_at(self, pc: int) -> str:
        entries = (ctypes.c_uint64 * BUILTIN_COUNT).from_address(native().builtins_array)
        (name,) = [b.name for b in BUILTINS.values() if entries[b.index] == pc]
        return name

    def _trap_code(self, pc: int) -> int:
        """What the trap table says, which is what the instruction says."""
        module = module_room._registry.find(pc)
        assert module is not None
        code = module.traps.look_up(pc - module.text_address)
        word = ctypes.c_uint32.from_address(pc).value
        assert word & 0xFFFF_E01F == 0xD42A_A000
        assert code == word >> 5 & 0xFF
        return TrapCode(code)

    def _record(self, left: _Left) -> TrapRecord:
        uc = self.uc
        pc, fp = uc.reg_read(arm64.UC_ARM64_REG_PC), uc.reg_read(arm64.UC_ARM64_REG_FP)
        pcs = [pc]
        frame = fp
        while self.stack <= frame < self.stack + STACK_SIZE and len(pcs) < 200:
            following, back = (ctypes.c_uint64 * 2).from_address(frame)
            pcs.append(back)
            frame = following
        signal = 4 if left.kind is TrapKind.SIGNAL_ILL else 0
        sp = uc.reg_read(arm64.UC_ARM64_REG_SP)
        return TrapRecord(left.kind, left.code, signal, 0, pc, sp, fp, len(pcs), tuple(pcs))

    # --- hooks ---

    def _on_unmapped(
        self, uc: Any, access: int, address: int, size: int, value: int, data: Any
    ) -> bool:
        """Show the page of this process at that address; code only in text that is loaded."""
        is_code = module_room._registry.find(address) is not None
        if access == unicorn.UC_MEM_FETCH_UNMAPPED and not is_code:
            return False
        for page in {address & -PAGE, (address + size - 1) & -PAGE}:
            if page not in self._mapped and not _is_mapped(page):
                return False
            if page not in self._mapped:
                is_text = module_room._registry.find(page) is not None
                allowed = unicorn.UC_PROT_READ | (
                    unicorn.UC_PROT_EXEC if is_text else unicorn.UC_PROT_WRITE
                )
                uc.mem_map_ptr(page, PAGE, allowed, ctypes.c_void_p(page))
                self._mapped.add(page)
        return True

    def _on_interrupt(self, uc: Any, number: int, data: Any) -> None:
        self._trapped = True
        uc.emu_stop()


def _is_mapped(page: int) -> bool:
    with open("/proc/self/maps", encoding="ascii") as maps:
        for line in maps:
            bounds, rights = line.split()[:2]
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            if start <= page < end:
                return rights[0] == "r"
    return False


@contextmanager
def emulated_aarch64(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Inside, artifacts for aarch64 run."""
    emulators: list[Emulator] = []

    def call(self: NativeGlue, *arguments: int) -> TrapRecord | None:
        # Memory comes and goes between outermost calls, so the mapping is made anew for each.
        if not emulators or emulators[-1].depth == 0:
            emulators[:] = [Emulator()]
        return emulators[-1].call(*arguments)

    with monkeypatch.context() as patches:
        patches.setattr(NativeGlue, "call", call)
        patches.setattr(module_room, "_check_host", lambda artifact: None)
        patches.setattr(module_room, "register_frames", lambda address: None)
        patches.setattr(module_room, "forget_frames", lambda address: None)
        yield

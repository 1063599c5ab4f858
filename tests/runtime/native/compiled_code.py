"""Functions that play compiled WebAssembly, hand-written in LLVM IR, and a store for them to run in.

Imported by the tests and by the programs that they run in subprocesses.
"""

import ctypes
import importlib.util
import mmap
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from wasmdialect.abi.builtins import BUILTINS
from wasmdialect.abi.layout import RUNTIME_LIMITS, VMCONTEXT_HEADER
from wasmdialect.runtime.native import TrapRecord, native, trap_record
from wasmdialect.runtime.native.blob import map_blob
from wasmdialect.runtime.native.records import pack_store

_TOOL = Path(__file__).parents[3] / "tools/build_native.py"
_spec = importlib.util.spec_from_file_location("build_native", _TOOL)
assert _spec is not None
sys.path.insert(0, str(_TOOL.parent))  # for what it imports
assert _spec.loader is not None
build_native = importlib.util.module_from_spec(_spec)
sys.modules["build_native"] = build_native
_spec.loader.exec_module(build_native)

MAX_WASM_STACK = 512 * 1024
ACCESSIBLE_MEMORY = 65536
MEMORY_FIELD, HOST_FIELD = 128, 136
"""Where the stand-in for a VMContext has the memory's base and a host function."""

_LIMITS = VMCONTEXT_HEADER.field("limits").offset
_BUILTINS = VMCONTEXT_HEADER.field("builtins").offset
_EXIT_FP = RUNTIME_LIMITS.field("last_wasm_exit_fp").offset
_EXIT_PC = RUNTIME_LIMITS.field("last_wasm_exit_pc").offset
_PENDING = RUNTIME_LIMITS.field("pending_error").offset


def builtin_call(name: str) -> str:
    """IR that loads the builtin's address into %builtin."""
    return f"""
  %array_slot = getelementptr i8, ptr %vm, i64 {_BUILTINS}
  %array = load ptr, ptr %array_slot
  %builtin_slot = getelementptr ptr, ptr %array, i64 {BUILTINS[name].index}
  %builtin = load ptr, ptr %builtin_slot"""


ARCHITECTURE = {each.name: each for each in build_native.ARCHITECTURES}[os.uname().machine]
"""The architecture of this machine."""
TRAP_SIGNAL = {"x86_64": signal.SIGILL, "aarch64": signal.SIGTRAP}[ARCHITECTURE.name]
"""What a trap instruction raises."""
ASSEMBLY = {
    "x86_64": {
        "illegal": """ "ud2", "" """,
        "divide": """ inteldialect "xor ecx, ecx
    xor edx, edx
    div rcx", "~{rax},~{rcx},~{rdx}" """,
        "spoil": """ inteldialect "std
    sub rsp, 8
    mov dword ptr [rsp], 0x7f80
    ldmxcsr [rsp]
    mov word ptr [rsp], 0x0c7f
    fldcw [rsp]
    xor ebx, ebx
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    ud2", "" """,
        "lose_frame": """ inteldialect "mov rbp, [rdx]
    ud2", "" """,
        "state": """ inteldialect "stmxcsr [rdx]
    fnstcw [rdx + 8]
    pushfq
    pop rax
    mov [rdx + 16], rax", "~{rax},~{memory}" """,
    },
    "aarch64": {
        "illegal": """ "udf #0", "" """,
        "divide": """ "udiv x9, x9, xzr", "~{x9}" """,  # which is 0, and no signal
        "spoil": """ "mov x9, #0x3c00000
    msr fpcr, x9
    mov x19, #0
    mov x20, x19
    mov x21, x19
    mov x22, x19
    mov x23, x19
    mov x24, x19
    mov x25, x19
    mov x26, x19
    mov x27, x19
    mov x28, x19
    movi v8.2d, #0
    movi v9.2d, #0
    movi v10.2d, #0
    movi v11.2d, #0
    movi v12.2d, #0
    movi v13.2d, #0
    movi v14.2d, #0
    movi v15.2d, #0
    udf #0", "" """,
        "lose_frame": """ "ldr x29, [x2]
    udf #0", "" """,
        "state": """ "mrs x9, fpcr
    str x9, [x2]", "~{x9},~{memory}" """,
    },
}[ARCHITECTURE.name]
"""What LLVM would not write: operands of `call void asm sideeffect`."""

IR = f"""
target triple = "{ARCHITECTURE.triple}"
declare void @llvm.ubsantrap(i8 immarg) cold noreturn nounwind
declare ptr @llvm.frameaddress.p0(i32)
declare ptr @llvm.stacksave.p0()
attributes #0 = {{ noinline nounwind "frame-pointer"="all" }}

define dso_local void @empty(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  ret void
}}

; slots[0] == 0: trap 7, else slots[0] *= 3
define dso_local void @trap_if_zero(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  %x = load i64, ptr %slots
  %zero = icmp eq i64 %x, 0
  br i1 %zero, label %trap, label %ok
trap:
  call void @llvm.ubsantrap(i8 7) nomerge
  unreachable
ok:
  %y = mul i64 %x, 3
  store i64 %y, ptr %slots
  ret void
}}

; SIGILL that is no trap of ours
define dso_local void @illegal(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  call void asm sideeffect {ASSEMBLY["illegal"]}()
  ret void
}}

; SIGFPE
define dso_local void @divide(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  call void asm sideeffect {ASSEMBLY["divide"]}()
  ret void
}}

; changes what the C convention wants preserved, then traps
define dso_local void @spoil_state(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  call void asm sideeffect {ASSEMBLY["spoil"]}()
  ret void
}}

; traps with slots[0] as the frame pointer
define dso_local void @lose_frame(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  call void asm sideeffect {ASSEMBLY["lose_frame"]}()
  ret void
}}

; slots[0] = memory[slots[0]]
define dso_local void @load(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  %base_slot = getelementptr i8, ptr %vm, i64 {MEMORY_FIELD}
  %base = load ptr, ptr %base_slot
  %index = load i32, ptr %slots
  %wide = zext i32 %index to i64
  %address = getelementptr i8, ptr %base, i64 %wide
  %value = load volatile i32, ptr %address, align 1
  store i32 %value, ptr %slots
  ret void
}}

; recurses slots[0] times with values live across the calls, then traps
define dso_local i64 @descend(i64 %depth, i64 %a, i64 %b, i64 %c) #0 {{
  %local = alloca i64 ; real compiled code is built without shrink-wrapping: the frame comes first
  store volatile i64 %depth, ptr %local
  %bottom = icmp eq i64 %depth, 0
  br i1 %bottom, label %trap, label %deeper
trap:
  call void @llvm.ubsantrap(i8 3) nomerge
  unreachable
deeper:
  %next = sub i64 %depth, 1
  %a1 = mul i64 %a, 31
  %b1 = xor i64 %b, %a1
  %r = call i64 @descend(i64 %next, i64 %a1, i64 %b1, i64 %c)
  %r1 = add i64 %r, %a1
  %r2 = mul i64 %r1, %b1
  %r3 = xor i64 %r2, %c
  ret i64 %r3
}}
define dso_local void @trap_deep(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  %depth = load i64, ptr %slots
  %r = call i64 @descend(i64 %depth, i64 3, i64 5, i64 7)
  store i64 %r, ptr %slots
  ret void
}}

; runaway recursion with the explicit stack check
define dso_local i64 @overflow(ptr %vm, i64 %depth) #0 {{
  %limits_slot = getelementptr i8, ptr %vm, i64 {_LIMITS}
  %limits = load ptr, ptr %limits_slot
  %limit = load i64, ptr %limits
  %sp = call ptr @llvm.stacksave.p0()
  %here = ptrtoint ptr %sp to i64
  %below = icmp ult i64 %here, %limit
  br i1 %below, label %trap, label %deeper
trap:
  call void @llvm.ubsantrap(i8 0) nomerge
  unreachable
deeper:
  %next = add i64 %depth, 1
  %r = call i64 @overflow(ptr %vm, i64 %next)
  %wrong = mul i64 %r, %depth ; neither a tail call nor a sum, which LLVM would make a loop
  %s = add i64 %wrong, %depth
  ret i64 %s
}}
define dso_local void @recurse_forever(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  %r = call i64 @overflow(ptr %vm, i64 0)
  store i64 %r, ptr %slots
  ret void
}}

; sets slots[1], loops until slots[0] is not 0
define dso_local void @spin(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
entry:
  %started = getelementptr i64, ptr %slots, i64 1
  store volatile i64 1, ptr %started
  br label %loop
loop:
  %stop = load volatile i64, ptr %slots
  %again = icmp eq i64 %stop, 0
  br i1 %again, label %loop, label %done
done:
  ret void
}}

; the trampoline to a host function (callee, caller, slots, n) in the VMContext
define dso_local void @to_host(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  %limits_slot = getelementptr i8, ptr %vm, i64 {_LIMITS}
  %limits = load ptr, ptr %limits_slot
  %frame = call ptr @llvm.frameaddress.p0(i32 0)
  %fp = load i64, ptr %frame
  %return_slot = getelementptr i64, ptr %frame, i64 1
  %pc = load i64, ptr %return_slot
  %exit_fp = getelementptr i8, ptr %limits, i64 {_EXIT_FP}
  store i64 %fp, ptr %exit_fp
  %exit_pc = getelementptr i8, ptr %limits, i64 {_EXIT_PC}
  store i64 %pc, ptr %exit_pc
  %host_slot = getelementptr i8, ptr %vm, i64 {HOST_FIELD}
  %host = load ptr, ptr %host_slot
  call void %host(ptr %vm, ptr %vm, ptr %slots, i64 %n)
  %pending_slot = getelementptr i8, ptr %limits, i64 {_PENDING}
  %pending = load i64, ptr %pending_slot
  %fine = icmp eq i64 %pending, 0
  br i1 %fine, label %done, label %raise
raise:
{builtin_call("raise_pending")}
  call void %builtin(ptr %vm)
  unreachable
done:
  ret void
}}
; slots[0] = what the host made of it + 1000
define dso_local void @call_host(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  call void @to_host(ptr %vm, ptr %caller, ptr %slots, i64 %n)
  %x = load i64, ptr %slots
  %y = add i64 %x, 1000
  store i64 %y, ptr %slots
  ret void
}}
define dso_local void @call_host_forever(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
entry:
  br label %loop
loop:
  call void @to_host(ptr %vm, ptr %caller, ptr %slots, i64 %n)
  br label %loop
}}

define dso_local void @grow(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  %delta = load i64, ptr %slots
{builtin_call("memory32_grow")}
  %r = call ptr %builtin(ptr %vm, i64 %delta, i32 5)
  store ptr %r, ptr %slots
  ret void
}}
define dso_local void @grow_forever(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
entry:
  br label %loop
loop:
  call void @grow(ptr %vm, ptr %caller, ptr %slots, i64 %n)
  br label %loop
}}
define dso_local void @copy_table(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
{builtin_call("table_copy")}
  call void %builtin(ptr %vm, i32 -1, i32 2, i32 3, i32 4, i32 5)
  ret void
}}
define dso_local void @wait64(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
{builtin_call("memory_atomic_wait64")}
  %r = call i32 %builtin(ptr %vm, i32 1, i64 8589934592, i64 -3, i64 -1)
  store i32 %r, ptr %slots
  ret void
}}
define dso_local void @trap_explicitly(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
{builtin_call("trap")}
  call void %builtin(ptr %vm, i32 9)
  unreachable
}}
define dso_local void @fill_and_copy(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
  %base_slot = getelementptr i8, ptr %vm, i64 {MEMORY_FIELD}
  %base = load ptr, ptr %base_slot
  call void @fill(ptr %vm, ptr %base)
  call void @copy(ptr %vm, ptr %base)
  ret void
}}
define dso_local void @fill(ptr %vm, ptr %base) #0 {{
{builtin_call("memset")}
  call void %builtin(ptr %vm, ptr %base, i32 171, i64 100)
  ret void
}}
define dso_local void @copy(ptr %vm, ptr %base) #0 {{
  %target = getelementptr i8, ptr %base, i64 50
{builtin_call("memmove")}
  call void %builtin(ptr %vm, ptr %target, ptr %base, i64 100)
  ret void
}}
; fills slots[0] bytes of memory again and again
define dso_local void @fill_forever(ptr %vm, ptr %caller, ptr %slots, i64 %n) #0 {{
entry:
  %base_slot = getelementptr i8, ptr %vm, i64 {MEMORY_FIELD}
  %base = load ptr, ptr %base_slot
  %size = load i64, ptr %slots
{builtin_call("memset")}
  %started = getelementptr i64, ptr %slots, i64 1
  store volatile i64 1, ptr %started
  br label %loop
loop:
  call void %builtin(ptr %vm, ptr %base, i32 1, i64 %size)
  br label %loop
}}
"""


def compile_and_map(ir: str) -> tuple[dict[str, int], tuple[int, int]]:
    """Addresses of the functions of `ir`, and the range where they are."""
    blob = build_native.link(build_native.compile_object(ir, ARCHITECTURE), ARCHITECTURE)
    addresses = map_blob(blob)
    name, offset = next(iter(blob.symbols.items()))
    base = addresses[name] - offset
    return dict(addresses), (base, base + blob.writable_offset)


functions, code_range = compile_and_map(IR)
native().register_code(*code_range)

HOST = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64)
Slots = ctypes.c_uint64 * 4


class _State:
    """What the glue asks of a StoreState."""

    def __init__(self) -> None:
        self.state = self

    def left(self, record: bytes) -> TrapRecord:
        return trap_record(record)


def enter(
    function: int,
    callee_vmctx: int,
    caller_vmctx: int,
    slots: int,
    slot_count: int,
    limits: int,
    max_wasm_stack: int,
) -> TrapRecord | None:
    """Calls a function of the array convention in a store of its own with these limits."""
    store = ctypes.create_string_buffer(pack_store(limits, max_wasm_stack, 1, 0))
    addresses = ctypes.addressof(store), function, callee_vmctx, caller_vmctx
    return native().enter(_State(), *addresses, slots, slot_count)


class Store:
    """A VMContext, limits, and a linear memory of 64 KiB in 8 GiB of reserved address space."""

    def __init__(self) -> None:
        self.limits = (ctypes.c_uint64 * (RUNTIME_LIMITS.size // 8))()
        self.vmctx = (ctypes.c_uint64 * 32)()
        self.memory = _reserve()
        self.limits_address = ctypes.addressof(self.limits)
        self.address = ctypes.addressof(self.vmctx)
        self.vmctx[_LIMITS // 8] = self.limits_address
        self.vmctx[_BUILTINS // 8] = native().builtins_array
        self.vmctx[MEMORY_FIELD // 8] = self.memory

    def set_host(self, callback: Any) -> None:
        """Makes a `HOST_FUNCTION` the one that is called by `call_host`."""
        self._host = callback
        self.vmctx[HOST_FIELD // 8] = ctypes.cast(callback, ctypes.c_void_p).value or 0

    def set_pending(self, value: int) -> None:
        """What a failing host function does."""
        self.limits[_PENDING // 8] = value

    def call(self, name: str, *values: int) -> TrapRecord | None:
        """Calls a function with these slots; leaves its slots in `self.slots`."""
        slots = Slots(*values)
        trap = self.call_with(name, slots)
        self.slots = list(slots)
        return trap

    def call_with(self, name: str, slots: ctypes.Array[ctypes.c_uint64]) -> TrapRecord | None:
        """Calls a function with slots that others may look at meanwhile."""
        return enter(
            functions[name],
            self.address,
            0,
            ctypes.addressof(slots),
            len(slots) // 2,
            self.limits_address,
            MAX_WASM_STACK,
        )


def _reserve() -> int:
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_size_t
    libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long)
    libc.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    no_reserve = 0x4000
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve
    address: int = libc.mmap(None, 1 << 33, 0, flags, -1, 0)
    libc.mprotect(address, ACCESSIBLE_MEMORY, mmap.PROT_READ | mmap.PROT_WRITE)
    return address


def name_of(pc: int) -> str:
    """The function that contains an address."""
    return max((address, name) for name, address in functions.items() if address < pc)[1]


def started(slots: ctypes.Array[ctypes.c_uint64]) -> None:
    """Waits until the function that has these slots says that it runs."""
    while not slots[1]:
        time.sleep(0.001)

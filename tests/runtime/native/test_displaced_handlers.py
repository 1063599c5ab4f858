"""A replaced signal handler is noticed by the next call, though calls in a loop do not look for one."""

PROGRAM = """
import _signal
from wasmdialect import Config, Engine, Instance, Module, Store as WasmStore
from wasmdialect.runtime.native.glue import _new_python_function
engine = Engine(Config(jobs=0, opt_level=0))
wasm = WasmStore(engine)
text = '(module (func (export "f") (param i32) (result i32) (local.get 0)))'
function = Instance(wasm, Module(engine, text), []).exports(wasm)["f"]
call = function.__call__  # as short as a call can be
entries = {native().symbols[f"handler.{n}"] for n in range(4)}
libc = ctypes.CDLL(None)
action = ctypes.create_string_buffer(152)
def is_ours():
    libc.sigaction(signal.SIGINT, None, action)
    return ctypes.c_uint64.from_buffer(action).value in entries
# A function of Python's that does nothing but replace the handler of SIGINT, by Python's own.
addresses, _ = compile_and_map('''
%method = type { ptr, ptr, i32, ptr }
@method = dso_local global %method { ptr @name, ptr @replace, i32 4, ptr null }
@name = internal global [8 x i8] c"replace\\\\00"
@pythons = dso_local global [152 x i8] zeroinitializer, align 8
@sigaction = dso_local global ptr null
@keep = dso_local global ptr null
@none = dso_local global ptr null
define dso_local ptr @replace(ptr %self, ptr %nothing) {
  %sigaction = load ptr, ptr @sigaction
  %failed = call i32 %sigaction(i32 2, ptr @pythons, ptr null)
  %none = load ptr, ptr @none
  %keep = load ptr, ptr @keep
  call void %keep(ptr %none)
  ret ptr %none
}
''')
def set_pointer(name, value):
    ctypes.c_void_p.from_address(addresses[name]).value = value
set_pointer("sigaction", ctypes.cast(libc.sigaction, ctypes.c_void_p).value)
set_pointer("keep", ctypes.cast(ctypes.pythonapi.Py_IncRef, ctypes.c_void_p).value)
set_pointer("none", id(None))
signal.signal(signal.SIGINT, signal.default_int_handler)
libc.sigaction(signal.SIGINT, None, action)
ctypes.memmove(addresses["pythons"], action, 152)
replace = _new_python_function(addresses["method"], None, None)
"""


def test_replaced_by_the_same_thread(run_program):
    result = run_program(f"""{PROGRAM}
missed = [0, 0]
for _ in range(2000):
    call(wasm, 1); call(wasm, 1); replace(); call(wasm, 1)
    missed[0] += not is_ours()
    call(wasm, 1); call(wasm, 1); _signal.signal(2, signal.default_int_handler); call(wasm, 1)
    missed[1] += not is_ours()
print(missed)
""")
    assert result.stdout == "[0, 0]\n", result.stderr


def test_replaced_by_a_host_function(run_program):
    """The time of the call does not count: it has run something else."""
    result = run_program(f"""{PROGRAM}
from wasmdialect import Func, FuncType
host = Func(wasm, FuncType([], []), replace)
missed = 0
for _ in range(2000):
    host(wasm); call(wasm, 1)
    missed += not is_ours()
print(missed)
""")
    assert result.stdout == "0\n", result.stderr


def test_replaced_by_another_thread(run_program):
    """Noticed a little later, though the calls never stop."""
    result = run_program(f"""{PROGRAM}
def other():
    time.sleep(0.01)
    replace()
    replaced.set()
for _ in range(5):
    replaced = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    while not replaced.is_set():
        call(wasm, 1)
    for _ in range(100_000):
        call(wasm, 1)
    print(is_ours())
    thread.join()
""")
    assert result.stdout == "True\n" * 5, result.stderr


def test_calls_in_a_loop_do_not_ask(run_program):
    """The tests above would also pass if every call asked."""
    result = run_program(f"""{PROGRAM}
asked = []
def count(signal, new, old):
    asked.append(signal)
    return real(signal, new, old)
kind = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
real = kind(("sigaction", libc))
counting = kind(count)
slot = ctypes.c_void_p.from_address(native().symbols["libc.sigaction"])
before, slot.value = slot.value, ctypes.cast(counting, ctypes.c_void_p).value
ctypes.c_uint64.from_address(native().symbols["signal_cost"]).value = 1 << 40
for _ in range(1000):
    call(wasm, 1)
many = len(asked)
ctypes.c_uint64.from_address(native().symbols["signal_cost"]).value = 0
for _ in range(10):
    call(wasm, 1)
slot.value = before
print(many, len(asked) - many)
""")
    assert result.stdout in ("0 30\n", "3 30\n"), result.stderr

"""Signal handlers among others: faulthandler, Python's, C's; genuine crashes; fork."""

import signal

import pytest
from compiled_code import TRAP_SIGNAL

CRASH = "ctypes.string_at(0)\n"
TRAPS = """
def traps():
    codes = (store.call("trap_if_zero", 0).code, store.call("load", 1 << 20).kind.name)
    assert codes == (7, "SIGNAL_SEGV"), codes
traps()
"""
# A handler in IR that goes on to the one it displaced, as a well-behaved C library does: by calling
# it (way 0), or by putting it back and raising the signal again (way 1). Or it just returns (way 2).
STRANGER = """
addresses, _ = compile_and_map('''
@old = dso_local global [152 x i8] zeroinitializer, align 8
@calls = dso_local global i64 0
@sigaction = dso_local global ptr null
@raise = dso_local global ptr null
@mine = dso_local global [152 x i8] zeroinitializer, align 8
@way = dso_local global i64 0
define dso_local void @handler(i32 %signal, ptr %info, ptr %context) {
  %count = load i64, ptr @calls
  %more = add i64 %count, 1
  store i64 %more, ptr @calls
  %way = load i64, ptr @way
  switch i64 %way, label %return [
    i64 0, label %call
    i64 1, label %raise
  ]
raise:
  %sigaction = load ptr, ptr @sigaction
  %failed = call i32 %sigaction(i32 %signal, ptr @old, ptr null)
  %function = load ptr, ptr @raise
  %unsent = call i32 %function(i32 %signal)
  ret void
call:
  %old = load ptr, ptr @old
  call void %old(i32 %signal, ptr %info, ptr %context)
  ret void
return:
  ret void
}
define dso_local void @install(i32 %signal, i32 %flags) {
  store ptr @handler, ptr @mine
  %flags_slot = getelementptr i8, ptr @mine, i64 136
  store i32 %flags, ptr %flags_slot
  %sigaction = load ptr, ptr @sigaction
  %failed = call i32 %sigaction(i32 %signal, ptr @mine, ptr @old)
  ret void
}
''')
libc = ctypes.CDLL(None)
for name in ("sigaction", "raise"):
    target = ctypes.cast(getattr(libc, name), ctypes.c_void_p).value
    ctypes.c_uint64.from_address(addresses[name]).value = target
calls = ctypes.c_uint64.from_address(addresses["calls"])
way = ctypes.c_uint64.from_address(addresses["way"])
install = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_uint)(addresses["install"])
SA_SIGINFO, SA_NODEFER, SA_RESETHAND = 0x4, 0x40000000, 0x80000000
"""


def died_of(result, number: int) -> bool:
    return result.returncode == -number


def test_crash_without_faulthandler(run_program):
    result = run_program(TRAPS + CRASH)
    assert died_of(result, signal.SIGSEGV), result.stderr
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("first", "after"),
    [
        ("faulthandler.enable()", ""),
        ("", "faulthandler.enable()"),
        ("faulthandler.enable()", "faulthandler.disable(); traps(); faulthandler.enable()"),
        ("", "faulthandler.enable(); traps(); faulthandler.disable(); faulthandler.enable()"),
        (
            "",
            "for _ in range(9):\n faulthandler.enable(); traps()\n faulthandler.disable(); traps()\n"
            "faulthandler.enable()",
        ),
    ],
    ids=["before", "after", "both", "toggled", "often"],
)
def test_crash_with_faulthandler(run_program, first, after):
    result = run_program(TRAPS + after + "\ntraps()\n" + CRASH, first=first + "\n")
    assert died_of(result, signal.SIGSEGV), result.stderr
    # Its report exactly once, with the Python frames.
    assert result.stderr.count("Fatal Python error: Segmentation fault") == 1
    assert "string_at" in result.stderr


@pytest.mark.parametrize(
    ("first", "after"),
    [("faulthandler.enable()", ""), ("", "faulthandler.enable(); traps()")],
    ids=["before", "after"],
)
def test_crash_after_faulthandler_was_disabled(run_program, first, after):
    result = run_program(
        TRAPS + after + "\nfaulthandler.disable()\ntraps()\n" + CRASH, first=first + "\n"
    )
    assert died_of(result, signal.SIGSEGV), result.stderr
    assert result.stderr == ""


def test_crash_in_a_thread(run_program):
    result = run_program(
        TRAPS + "thread = threading.Thread(target=lambda: (traps(), ctypes.string_at(0)))\n"
        "thread.start(); thread.join()",
        first="faulthandler.enable()\n",
    )
    assert died_of(result, signal.SIGSEGV)
    assert result.stderr.count("Fatal Python error: Segmentation fault") == 1


def test_crash_in_a_host_function(run_program):
    result = run_program(
        "store.set_host(HOST(lambda *_: ctypes.string_at(0)))\nstore.call('call_host')",
        first="faulthandler.enable()\n",
    )
    assert died_of(result, signal.SIGSEGV)
    assert "Segmentation fault" in result.stderr


def test_crash_in_unregistered_code(run_program):
    result = run_program("native().unregister_code(code_range[0])\nstore.call('trap_if_zero', 0)")
    assert died_of(result, TRAP_SIGNAL)


def test_registered_code_outside_an_activation(run_program):
    result = run_program("""
direct = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_long)
direct(functions["illegal"])(None, None, None, 0)
""")
    assert died_of(result, signal.SIGILL)


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGILL", "SIGBUS", "SIGFPE"])
def test_sent_signals_are_no_traps(run_program, name):
    # The thread is in compiled code when the signal comes.
    result = run_program(f"""
slots = Slots()
def send():
    started(slots)
    signal.pthread_kill(threading.main_thread().ident, signal.{name})
threading.Thread(target=send).start()
print(store.call_with("spin", slots), flush=True)
""")
    assert died_of(result, signal.Signals[name])
    assert result.stdout == ""


def test_ignored_signals_stay_ignored(run_program):
    result = run_program(
        TRAPS
        + "os.kill(os.getpid(), signal.SIGSEGV)\ntraps()\nprint('ignored', flush=True)\n"
        + CRASH,
        first="signal.signal(signal.SIGSEGV, signal.SIG_IGN)\n",
    )
    assert result.stdout == "ignored\n"
    assert died_of(result, signal.SIGSEGV)  # a fault cannot be ignored


def test_python_handler_gets_sent_signals(run_program):
    program = """
os.kill(os.getpid(), signal.SIGSEGV)
traps()
os.kill(os.getpid(), signal.SIGSEGV)
print(seen)
"""
    handle = "seen = []\nsignal.signal(signal.SIGSEGV, lambda number, _: seen.append(number))\n"
    for first, after in ((handle, ""), ("", handle)):
        result = run_program(TRAPS + after + program, first=first)
        assert result.stdout == "[11, 11]\n", result.stderr


@pytest.mark.parametrize("flags", ["0", "SA_SIGINFO", "SA_NODEFER | SA_SIGINFO"])
@pytest.mark.parametrize("way", [0, 1], ids=["calls", "raises"])
@pytest.mark.parametrize("order", ["displaced", "on top"])
def test_crash_through_a_stranger(run_program, flags, way, order):
    # Ours goes on to the stranger, which goes on to ours, which must not go round in circles.
    reinstall = "traps()\n" if order == "displaced" else ""
    result = run_program(
        f"{TRAPS}{STRANGER}install(signal.SIGSEGV, {flags})\n{reinstall}way.value = {way}\n" + CRASH
    )
    assert died_of(result, signal.SIGSEGV), result.stderr


def test_traps_with_a_stranger_on_top(run_program):
    result = run_program(f"""{TRAPS}{STRANGER}
install(signal.SIGSEGV, SA_SIGINFO)
store.set_host(HOST(lambda *_: (install(TRAP_SIGNAL, SA_SIGINFO), store.call("trap_if_zero", 0))))
# Displaced in the middle of a call: the stranger is asked first, and passes it on to ours.
assert store.call("call_host") is None
print(calls.value)
traps()
print(calls.value)
""")
    assert result.stdout == "1\n1\n", result.stderr


def test_one_shot_handler(run_program):
    result = run_program(f"""{TRAPS}{STRANGER}
way.value = 2
install(signal.SIGSEGV, SA_SIGINFO | SA_RESETHAND)
traps()
os.kill(os.getpid(), signal.SIGSEGV)
print(calls.value, flush=True)
traps()
os.kill(os.getpid(), signal.SIGSEGV)
print("not reached", flush=True)
""")
    assert died_of(result, signal.SIGSEGV)
    assert result.stdout == "1\n"


def test_pytest_enables_faulthandler_before(run_program, tmp_path):
    test = tmp_path / "test_inner.py"
    test.write_text("""
import faulthandler
def test_inner():
    import compiled_code
    assert faulthandler.is_enabled()
    assert compiled_code.Store().call("trap_if_zero", 0).code == 7
""")
    result = run_program(
        f"import pytest\nsys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', {str(test)!r}]))"
    )
    assert result.returncode == 0, result.stdout


# ---- fork ------------------------------------------------------------------------------------

FORK = """
def in_child(function):
    child = os.fork()
    if child == 0:
        try:
            function()
            os._exit(7)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def test_fork(run_program):
    result = run_program(f"{TRAPS}{FORK}print(in_child(traps))\ntraps()")
    assert result.stdout == "7\n", result.stderr


def test_fork_in_a_host_function(run_program):
    result = run_program(f"""{TRAPS}{FORK}
status = []
store.set_host(HOST(lambda *_: status.append(in_child(traps))))
print(store.call("call_host"), status)
""")
    assert result.stdout == "None [7]\n", result.stderr


def test_fork_beside_other_threads(run_program):
    result = run_program(f"""{TRAPS}{FORK}
def others():
    own = Store()
    while not done.is_set():
        own.call("trap_if_zero", 0)
        start = next(numbers)
        native().register_code(start, start + 1)
        native().unregister_code(start)
import itertools, warnings
warnings.simplefilter("ignore")
numbers = itertools.count(4096)
done = threading.Event()
threads = [threading.Thread(target=others) for _ in range(2)]
for thread in threads: thread.start()
def child():
    traps()
    native().register_code(16, 17)
    native().unregister_code(16)
print(set(in_child(child) for _ in range(40)))
done.set()
for thread in threads: thread.join()
""")
    assert result.stdout == "{7}\n", result.stderr


def test_ctrl_c_in_the_child_of_a_thread(run_program):
    # The forking thread is the child's main thread.
    result = run_program(f"""{TRAPS}{FORK}
def child():
    threading.Thread(target=lambda: (started(slots), os.kill(os.getpid(), signal.SIGINT))).start()
    try:
        store.call_with("spin", slots)
    except KeyboardInterrupt:
        return
    os._exit(2)
slots = Slots()
status = []
thread = threading.Thread(target=lambda: status.append(in_child(child)))
thread.start(); thread.join()
print(status)
""")
    assert result.stdout == "[7]\n", result.stderr

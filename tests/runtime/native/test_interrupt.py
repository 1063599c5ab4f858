"""Ctrl-C: in compiled code, host functions and builtins, on any thread, with any handler."""

import pytest

SENDER = """
slots = Slots()
def send(target=None):
    started(slots)
    if target is None:
        os.kill(os.getpid(), signal.SIGINT)
    else:
        signal.pthread_kill(target, signal.SIGINT)
def in_background(*arguments):
    thread = threading.Thread(target=send, args=arguments, daemon=True)
    thread.start()
    return thread
seen = []
def note(number, frame):
    seen.append(number)
"""


def test_endless_loop(run_program):
    result = run_program(f"""{SENDER}
for _ in range(20):
    slots[:] = [0] * 4
    in_background()
    try:
        print("returned", store.call_with("spin", slots))
    except KeyboardInterrupt:
        pass
print(store.call("trap_if_zero", 0).code, list(store.limits)[:1])
""")
    assert result.stdout == "7 [0]\n", result.stderr


def test_uncaught(run_program):
    result = run_program(f"{SENDER}in_background()\nstore.call_with('spin', slots)")
    assert "KeyboardInterrupt" in result.stderr
    assert result.returncode != 0


@pytest.mark.parametrize("when", ["before", "after", "again"])
def test_handler_that_does_not_raise(run_program, when):
    first = "def other(*_): pass\nsignal.signal(signal.SIGINT, other)\n" if when == "before" else ""
    again = "store.call('empty'); signal.signal(signal.SIGINT, note)\n" if when == "again" else ""
    result = run_program(
        f"""{SENDER}
signal.signal(signal.SIGINT, note)
{again}in_background()
trap = store.call_with("spin", slots)
print(trap.kind.name, [name_of(pc) for pc in trap.frames], trap.signal, seen)
""",
        first=first,
    )
    assert result.stdout == "INTERRUPT ['spin'] 2 [2]\n", result.stderr


def test_handler_that_raises_something_else(run_program):
    result = run_program(f"""{SENDER}
def stop(*_): raise SystemExit(9)
signal.signal(signal.SIGINT, stop)
in_background()
store.call_with("spin", slots)
""")
    assert result.returncode == 9, result.stderr


@pytest.mark.parametrize("when", ["before", "after"])
def test_ignored(run_program, when):
    ignore = "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    result = run_program(
        f"""{SENDER}{ignore if when == "after" else "store.call('empty')"}
def stop():
    send()
    time.sleep(0.05)
    slots[0] = 1
thread = threading.Thread(target=stop)
thread.start()
print(store.call_with("spin", slots))
thread.join()
# Taken notice of again: by the next call.
slots[:] = [0] * 4
signal.signal(signal.SIGINT, signal.default_int_handler)
in_background()
try:
    store.call_with("spin", slots)
except KeyboardInterrupt:
    print("interrupted")
""",
        first=ignore if when == "before" else "",
    )
    assert result.stdout == "None\ninterrupted\n", result.stderr


@pytest.mark.parametrize("when", ["before", "after"])
def test_default_action(run_program, when):
    default = "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
    result = run_program(
        f"{SENDER}{default if when == 'after' else ''}in_background()\n"
        "store.call_with('spin', slots)",
        first=default if when == "before" else "",
    )
    assert result.returncode == -2, result.stderr


# The main thread waits in join(). After an interrupted join() CPython 3.11 takes the thread for ended;
# so its end is an event.
WORKER = """
results = []
finished = threading.Event()
def work():
    results.append(store.call_with("spin", slots))
    finished.set()
worker = threading.Thread(target=work)
worker.start()
def delayed(target=None):
    started(slots)
    time.sleep(0.05)
    send(target)
try:
    threading.Thread(target=delayed, args=(TARGET,)).start()
    worker.join()
except KeyboardInterrupt:
    print("interrupted", results)
slots[0] = 1
finished.wait()
print(results)
"""


@pytest.mark.parametrize(
    ("first_on_main", "target"),
    [
        ("store.call('empty')\n", "None"),
        ("store.call('empty')\n", "worker.ident"),
        ("", "None"),
    ],
    ids=["to the process", "to the other thread", "never on the main thread"],
)
def test_other_thread_runs_compiled_code(run_program, first_on_main, target):
    # It is Python's main thread that is interrupted; the other goes on.
    result = run_program(SENDER + first_on_main + WORKER.replace("TARGET", target))
    assert result.stdout == "interrupted []\n[None]\n", result.stderr


def test_host_function_gets_the_exception(run_program):
    result = run_program(f"""{SENDER}
from wasmdialect.runtime.native.outcomes import Pending
def host(_callee, _caller, _slots, _count):
    try:
        slots[1] = 1
        time.sleep(20)
    except KeyboardInterrupt:
        seen.append("in the host")
        store.set_pending(Pending.HOST_ERROR)
store.set_host(HOST(host))
in_background()
trap = store.call("call_host")
print(seen, trap.kind.name)
""")
    assert result.stdout == "['in the host'] HOST_ERROR\n", result.stderr


@pytest.mark.parametrize("function", ["call_host_forever", "grow_forever"])
def test_noticed_on_the_way_back(run_program, function):
    # The handler does not raise: only the note in the pending word ends the loop.
    result = run_program(f"""{SENDER}
from wasmdialect.runtime.native import builtin_prototype
signal.signal(signal.SIGINT, note)
def host(*_):
    slots[1] = 1
    deadline = time.monotonic() + 0.2
    while not seen and time.monotonic() < deadline:
        pass
    return 0
store.set_host(HOST(host))
native().set_builtin_callback("memory32_grow", builtin_prototype("memory32_grow")(host))
in_background()
trap = store.call("{function}", 1)
print(seen, trap.kind.name, [name_of(pc) for pc in trap.frames][-1], list(store.limits)[6])
""")
    assert result.stdout == f"[2] INTERRUPT {function} 0\n", result.stderr


def test_host_function_may_handle_it(run_program):
    # By clearing the note.
    result = run_program(f"""{SENDER}
signal.signal(signal.SIGINT, note)
def host(*_):
    slots[1] = 1
    while not seen:
        pass
    store.set_pending(0)
store.set_host(HOST(host))
in_background()
print(store.call("call_host"), seen)
""")
    assert result.stdout == "None [2]\n", result.stderr


def test_long_fills(run_program):
    result = run_program(f"""{SENDER}
signal.signal(signal.SIGINT, note)
for _ in range(30):
    slots[:] = [65536, 0, 0, 0]
    in_background()
    trap = store.call_with("fill_forever", slots)
    assert trap.kind == TrapKind.INTERRUPT, trap
    assert "fill_forever" in [name_of(pc) for pc in trap.frames]
print(len(seen))
""")
    assert result.stdout == "30\n", result.stderr


def test_at_any_moment(run_program):
    # Entry, exit, host functions, traps: wherever it comes, it is a KeyboardInterrupt or an
    # INTERRUPT, and the glue is fit for the next call.
    result = run_program("""
import random
random.seed(1)
inner = []
store.set_host(HOST(lambda *_: store.call("trap_if_zero", 0) and None))
class Interrupted(Exception): pass
count = 0
def handler(*_):
    global count
    count += 1
signal.signal(signal.SIGINT, handler)
done = False
def sender():
    for _ in range(600):
        time.sleep(random.uniform(0, 0.002))
        os.kill(os.getpid(), signal.SIGINT)
    global done
    done = True
thread = threading.Thread(target=sender)
thread.start()
kinds = {}
while not done:
    for name in ("call_host", "empty", "trap_if_zero", "trap_explicitly", "trap_deep"):
        trap = store.call(name, 1)
        kind = trap and trap.kind.name
        kinds[kind] = kinds.get(kind, 0) + 1
thread.join()
assert not any(store.limits), list(store.limits)
trap = store.call("trap_deep", 5)
print(count > 100, kinds["INTERRUPT"] > 0, trap.frame_count)
""")
    assert result.stdout == "True True 7\n", result.stderr

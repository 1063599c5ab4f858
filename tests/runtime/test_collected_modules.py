"""A module is unloaded when nothing refers to it, wherever Python finds that out."""

from __future__ import annotations

import sys

import processes

PROGRAM = """
import gc
import wasmdialect
from wasmdialect.runtime.native.code_ranges import CodeRanges
from wasmdialect.runtime.published import _modules

gc.disable()
engine = wasmdialect.Engine()

def load():
    module = wasmdialect.Module(engine, '(module (func (export "f") (result i32) (i32.const 7)))')
    module.loaded.itself = module.loaded  # only the garbage collector can find that it is not used
    return module

load()
assert len(_modules) == 1
publish = CodeRanges._publish

def collect_and_publish(self, ranges):
    gc.collect()  # as any allocation here may do
    publish(self, ranges)

CodeRanges._publish = collect_and_publish
module = load()
assert len(_modules) == 1, "the first one is gone, the second is there"
instance = wasmdialect.Instance(wasmdialect.Store(engine), module, [])
print(len(_modules))
"""


def test_a_module_is_collected_while_another_is_published():
    """Unloading takes the locks that publishing has: a deadlock, if it were done at once."""
    done = processes.run([sys.executable, "-c", PROGRAM], text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr

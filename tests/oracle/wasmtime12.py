"""Runs in a process of its own with Wasmtime 12.0.0: answers requests on standard input.

A request is a line of JSON: `{"serialize": wasm}` gives the `.cwasm`, both in base64; `{"fuel": wasm,
"calls": [[export, [arguments]], ...]}` gives for each call the fuel it used and whether it trapped.
"""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import wasmtime


def serialize(wasm: bytes) -> str:
    """The compiled module."""
    module = wasmtime.Module(wasmtime.Engine(), wasm)
    return base64.b64encode(module.serialize()).decode()


def fuel(wasm: bytes, calls: list[Any]) -> list[Any]:
    """Fuel of each call, and whether it trapped. Imported functions do nothing."""
    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.add_fuel(1 << 40)
    module = wasmtime.Module(engine, wasm)
    imports = [wasmtime.Func(store, i.type, lambda *_: None) for i in module.imports]
    exports = wasmtime.Instance(store, module, imports).exports(store)
    used: list[Any] = []
    for name, arguments in calls:
        before = store.fuel_consumed()
        trapped = False
        try:
            exports[name](store, *arguments)
        except wasmtime.Trap:
            trapped = True
        used.append([store.fuel_consumed() - before, trapped])
    return used


for line in sys.stdin:
    request = json.loads(line)
    if "serialize" in request:
        answer: Any = serialize(base64.b64decode(request["serialize"]))
    else:
        answer = fuel(base64.b64decode(request["fuel"]), request["calls"])
    print(json.dumps(answer), flush=True)

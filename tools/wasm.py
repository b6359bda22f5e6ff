"""Compile the WebAssembly kernels of the explorers: `python -m tools.wasm [--check]`.

`utils/explorers/wasm/kernels.wat` is the source; its bytes stand, as base64, in
`utils/explorers/js/kernels.js`, so that neither a page nor a notebook needs a compiler. The
source is compiled twice: with a product and a sum for each MADD, and with the fused
multiply–add of relaxed SIMD, for browsers that have it.

The compiler is that of wasmtime, a Python package.
"""

from __future__ import annotations

import argparse
import base64
import re
from pathlib import Path

EXPLORERS = Path(__file__).resolve().parent.parent / "utils" / "explorers"
SOURCE = EXPLORERS / "wasm" / "kernels.wat"
TARGET = EXPLORERS / "js" / "kernels.js"

PLAIN = r"(f32x4.add \3 (f32x4.mul \1 \2))"
FUSED = r"(f32x4.relaxed_madd \1 \2 \3)"
ARGUMENT = r"(\(local\.get \$\w+\))"
MADD = re.compile(rf"\(MADD {ARGUMENT} {ARGUMENT} {ARGUMENT}\)")

MODULE = """/**
 * The compiled kernels of wasm/kernels.wat, which says what they compute. Made by
 * `python -m tools.wasm`; do not edit.
 */

/** For every browser with WebAssembly SIMD. */
export const SIMD =
{simd};

/** With fused multiply–adds, for browsers with relaxed SIMD. */
export const RELAXED_SIMD =
{relaxed};
"""


def compiled(source: str, madd: str) -> bytes:
    """Return the bytes of a WebAssembly module, each MADD written out as `madd`."""
    import wasmtime

    return bytes(wasmtime.wat2wasm(MADD.sub(madd, source)))


def as_string(code: bytes, width: int = 90) -> str:
    """Return bytes as base64 in a JavaScript expression of several lines."""
    text = base64.b64encode(code).decode()
    lines = [f'  "{text[at : at + width]}"' for at in range(0, len(text), width)]
    return " +\n".join(lines)


def kernels() -> str:
    """Return the text of kernels.js, from the source."""
    source = SOURCE.read_text("utf-8")
    simd, relaxed = (as_string(compiled(source, madd)) for madd in (PLAIN, FUSED))
    return MODULE.format(simd=simd, relaxed=relaxed)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.wasm", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    if parser.parse_args().check:
        if TARGET.read_text("utf-8") != kernels():
            raise SystemExit(f"{TARGET.name} is out of date: python -m tools.wasm renews it.")
        return
    TARGET.write_text(kernels(), "utf-8", newline="\n")


if __name__ == "__main__":
    main()

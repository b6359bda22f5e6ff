"""Compile the WebAssembly kernels of the explorers: `python -m tools.wasm [--check]`.

Each file in `utils/explorers/wasm` is a source; its bytes stand, as base64, in a module of
`utils/explorers/js`, so that neither a page nor a notebook needs a compiler: those of
`kernels.wat`, for trained networks, in `kernels.js`, those of `learning.wat`, for networks that
are trained in the page, in `learning_kernels.js`.

A source is compiled with a product and a sum for each MADD; `kernels.wat` a second time, with
the fused multiply–add of relaxed SIMD, for browsers that have it. Training does not get faster
by that, and without it the same seed gives the same numbers in every browser.

The compiler is that of wasmtime, a Python package.
"""

from __future__ import annotations

import argparse
import base64
import re
from pathlib import Path

EXPLORERS = Path(__file__).resolve().parent.parent / "utils" / "explorers"
TARGETS = {
    "kernels.wat": ("kernels.js", ["SIMD", "RELAXED_SIMD"]),
    "learning.wat": ("learning_kernels.js", ["SIMD"]),
}

MADDS = {
    "SIMD": r"(f32x4.add \3 (f32x4.mul \1 \2))",
    "RELAXED_SIMD": r"(f32x4.relaxed_madd \1 \2 \3)",
}
BROWSERS = {
    "SIMD": "For every browser with WebAssembly SIMD.",
    "RELAXED_SIMD": "With fused multiply–adds, for browsers with relaxed SIMD.",
}
ARGUMENT = r"(\(local\.get \$\w+\))"
MADD = re.compile(rf"\(MADD {ARGUMENT} {ARGUMENT} {ARGUMENT}\)")

MODULE = """/**
 * The compiled kernels of wasm/{source}, which says what they compute. Made by
 * `python -m tools.wasm`; do not edit.
 */
"""
CONSTANT = """
/** {words} */
export const {name} =
{code};
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


def kernels() -> dict[Path, str]:
    """Return what the modules with compiled kernels have to hold, by their files."""
    texts = {}
    for source, (target, names) in TARGETS.items():
        wat = (EXPLORERS / "wasm" / source).read_text("utf-8")
        text = MODULE.format(source=source)
        for name in names:
            code = as_string(compiled(wat, MADDS[name]))
            text += CONSTANT.format(words=BROWSERS[name], name=name, code=code)
        texts[EXPLORERS / "js" / target] = text
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.wasm", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether it is up to date")
    only_check = parser.parse_args().check
    for file, text in kernels().items():
        if not only_check:
            file.write_text(text, "utf-8", newline="\n")
        elif file.read_text("utf-8") != text:
            raise SystemExit(f"{file.name} is out of date: python -m tools.wasm renews it.")


if __name__ == "__main__":
    main()

"""From the explorers' JavaScript modules to what a kernel and the site's pages load.

The modules in `js/` import one another. A widget in Jupyter or Colab is one string,
and a page opened as a file may load no module at all. So each module becomes a
function that takes `use`, by which it gets at its imports, and returns its exports:

    (use) => { const { relu } = use("engine"); …; return { default: exported, area }; }

No JavaScript tool is needed for that, because the modules keep to a few forms, each
at the start of a line:

    import { a, b } from "./engine.js";
    export const name = …   export function name(   export class Name   export default …

and comments that take whole lines are left out, so a template string holds none. A
function or class begins and ends at the start of a line: the site leaves out those that
the modules of a page do not use. One of another form is kept.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "js"
STYLE_SHEET = "explorers.css"
REGISTRY = "cnnCourseModules"  # on a page, the global object that holds the functions by name

COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*(?:(?!\*/).)*\*/[ \t]*)$", re.M | re.DOTALL)
NAMES = r"\{\s*[\w$]+(?:\s*,\s*[\w$]+)*,?\s*\}"
IMPORT = re.compile(rf'^import ({NAMES}) from "\./([\w-]+)\.js";', re.MULTILINE)
EXPORT = re.compile(
    r"^export (?:(?P<default>default) |(?P<kind>const|class|(?:async )?function) (?P<name>[\w$]+))",
    re.MULTILINE,
)
FUNCTIONS = re.compile(
    r"^(?:export )?(?:(?:async )?function|class) (\w+)\b[^\n]*\n(?:(?:[ })][^\n]*)?\n)*?}$",
    re.MULTILINE,
)
OTHER = re.compile(r"^\s*(?:import|export)\b(?!\s*:).*|\bimport\s*[(.].*", re.MULTILINE)

FUNCTION = '(use) => {{\n"use strict";\n{code}\nreturn {{ {exports} }};\n}}'
CLASSIC = "(globalThis.{registry} ??= {{}})[{name}] = {function};\n"
MODULE = """const modules = {{}}, made = {{}};
const use = (name) => (made[name] ??= modules[name](use));
use.modules = modules; // a worker is made of them: worker_client.js
{modules}
export default use({name}).default;
"""

LIBRARY = """(() => {{
const modules = {{}}, made = {{}};
const use = (name) => (made[name] ??= modules[name](use));
{modules}
globalThis.{place} = use({name});
}})();
"""


def blank(match: re.Match) -> str:
    """Return the line breaks of what was found, so that the lines keep their numbers."""
    return "\n" * match[0].count("\n")


def source(name: str) -> str:
    """Return the text of a module, its comments of whole lines left blank.

    Raises ValueError for a module that is not there.
    """
    file = FOLDER / f"{name}.js"
    if file.parent != FOLDER or not file.is_file():  # a name comes from a stored notebook
        raise ValueError(f"There is no module {name}.js in {FOLDER.name}/.")
    return COMMENT.sub(blank, file.read_text("utf-8"))


def function(name: str, text: str) -> str:
    """Return a module's text as a JavaScript function from `use` to its exports.

    Raises ValueError, with file and line, for an import or export of another form.
    """
    code = IMPORT.sub(lambda m: blank(m) + f'const {" ".join(m[1].split())} = use("{m[2]}");', text)
    exports = []

    def declaration(match: re.Match) -> str:
        if match["default"]:
            exports.append("default: exported")
            return "const exported = "
        exports.append(match["name"])
        return f"{match['kind']} {match['name']}"

    code = EXPORT.sub(declaration, code)
    uncommented = re.sub(r"/\*.*?\*/|(?<!:)//.*", blank, code)
    if found := OTHER.search(uncommented):
        start = found.start() + len(found[0]) - len(found[0].lstrip())
        line = uncommented.count("\n", 0, start) + 1
        raise ValueError(
            f"{name}.js, line {line}: {found[0].strip()[:60]!r} is not a form of import or export "
            "that utils/explorers/modules.py knows; its first lines list them."
        )
    code = re.sub(r"\n{2,}", "\n", code).strip()
    return FUNCTION.format(code=code, exports=", ".join(exports))


def with_dependencies(name: str, above: tuple[str, ...] = ()) -> list[str]:
    """Return the names of the modules that `name` needs, each after those it imports.

    Raises ValueError for modules that import one another in a circle, and for an import of what
    a module does not export.
    """
    if name in above:
        raise ValueError(f"{' imports '.join([*above, name])}: a circle of modules.")
    ordered = {}  # a dict keeps the order and forgets repetitions
    for names, imported in IMPORT.findall(source(name)):
        exported = {match["name"] for match in EXPORT.finditer(source(imported))}
        if missing := sorted(set(re.findall(r"[\w$]+", names)) - exported):
            raise ValueError(
                f"{name}.js imports {missing[0]}, but {imported}.js has no such export."
            )
        ordered |= dict.fromkeys(with_dependencies(imported, (*above, name)))
    return [*ordered, name]


def esm(name: str) -> str:
    """Return a module with all that it imports as one ES module, for anywidget's `_esm`."""
    functions = [
        f"modules[{json.dumps(each)}] = {function(each, source(each))};"
        for each in with_dependencies(name)
    ]
    return MODULE.format(modules="\n".join(functions), name=json.dumps(name))


def words(text: str) -> Counter:
    """Return how often each word stands in a text."""
    return Counter(re.findall(r"\w+", text))


def imported(texts: dict[str, str]) -> set[tuple[str, str]]:
    """Return (module, name) of what the modules import and use."""
    found = set()
    for text in texts.values():
        inside = words(IMPORT.sub("", text))
        for names, module in IMPORT.findall(text):
            found |= {(module, name) for name in words(names) if inside[name]}
    return found


def without_unused(texts: dict[str, str]) -> dict[str, str]:
    """Return the modules' texts without the functions and classes that nothing uses: tree-shaking.

    Used is one whose name stands elsewhere in its module, or that another module imports and
    uses.
    """
    needed = imported(texts)

    def shaken(module: str, text: str) -> str:
        inside = words(text)

        def used(match: re.Match) -> str:
            is_used = inside[match[1]] > words(match[0])[match[1]] or (module, match[1]) in needed
            return match[0] if is_used else blank(match)

        return FUNCTIONS.sub(used, text)

    kept = {module: shaken(module, text) for module, text in texts.items()}
    return kept if kept == texts else without_unused(kept)  # what they alone used goes too


def classic(*names: str) -> str:
    """Return modules as one classic script: it registers their functions and runs nothing yet.

    What none of these modules uses is left out.
    """
    texts = without_unused({name: source(name) for name in names})
    return "".join(
        CLASSIC.format(registry=REGISTRY, name=json.dumps(name), function=function(name, text))
        for name, text in texts.items()
    )


def library(name: str, place: str) -> str:
    """Return a classic script that puts a module's exports into a global object's `place`.

    It brings its own copy of what it imports, whatever the page has.
    """
    own = source(name)
    names = with_dependencies(name)
    others = without_unused({each: source(each) for each in names})
    functions = [
        f"modules[{json.dumps(each)}] = {function(each, own if each == name else others[each])};"
        for each in names
    ]
    return LIBRARY.format(modules="\n".join(functions), name=json.dumps(name), place=place)


def style_sheet() -> str:
    """Return the style sheet of all explorers."""
    return (FOLDER / STYLE_SHEET).read_text("utf-8")

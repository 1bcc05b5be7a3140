"""What a page remembers hangs on one value that `build()` makes; modules of the page remember nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

UI = Path(__file__).parents[2] / "lenet" / "ui"
FILES = sorted(UI.rglob("*.py"))

# What holds something that changes, or may be used by one thread at a time.
STATEFUL = {
    *("Lock", "RLock", "Condition", "Event", "Semaphore", "BoundedSemaphore", "Barrier", "Thread", "Timer", "local"),
    *("ThreadPoolExecutor", "ProcessPoolExecutor", "Queue", "SimpleQueue", "TemporaryDirectory", "mkdtemp", "count"),
    *("OrderedDict", "defaultdict", "Counter", "deque", "WeakKeyDictionary", "WeakValueDictionary", "bytearray"),
    *("lru_cache", "cache", "BoundedCache", "Worker", "Server", "Runs", "Networks", "Pictures", "Evaluations"),
    "ContextVar",
}
CONTAINERS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp)
CHANGES = {
    *("append", "extend", "insert", "remove", "pop", "popitem", "clear", "add", "discard", "update", "setdefault"),
    *("sort", "reverse", "move_to_end", "__setitem__", "difference_update", "intersection_update"),
}

# What modules may remember, and why: none of it belongs to a page.
ALLOWED = {
    ("shared/networks.py", "_shipped"): "the networks in weights/ are part of the program, and nobody changes them",
    ("shared/networks.py", "_shipped_exhibit"): "their layers and sizes: the same",
    ("photo/tab.py", "_examples"): "the program's own pictures, small",
    ("shared/assets.py", "scripts"): "the program's own scripts, as they are on the disk",
    ("shared/files.py", "_brought"): "the pictures of one event: each task has its own",
    ("shared/uploaded.py", "_opened"): "the files of one upload: each task has its own",
    ("shared/texts.py", "_spoken"): "the language of one answer: each thread and task has its own",
}


def found_in(source: str) -> set[str]:
    """Names of what a module remembers: of functions that keep what they returned, and of values that can change."""
    tree = ast.parse(source)
    found = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found |= {node.name for decorator in node.decorator_list if STATEFUL & _called(decorator)}
    containers = set()
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        if STATEFUL & _called(node.value):
            found |= names
        elif isinstance(node.value, CONTAINERS) or {"dict", "list", "set"} & _outermost(node.value):
            containers |= names
            found |= {name for name in names if not name.isupper()}  # a constant is written as one
    return found | (containers & _changed(tree))


def _called(expression: ast.expr) -> set[str]:
    """Last names of all that an expression calls or names, such as "Lock" of `threading.Lock()`."""
    parts = [part for part in ast.walk(expression) if isinstance(part, (ast.Name, ast.Attribute))]
    return {part.id if isinstance(part, ast.Name) else part.attr for part in parts}


def _outermost(expression: ast.expr) -> set[str]:
    return _called(expression.func) if isinstance(expression, ast.Call) else set()


def _changed(tree: ast.Module) -> set[str]:
    """Names of containers in which a function puts something, or from which it takes something."""
    changed = set()
    functions = [
        node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    ]
    for node in {node for function in functions for node in ast.walk(function)}:
        match node:
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                changed.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in CHANGES:
                changed.add(name)
            case ast.AugAssign(target=ast.Name(id=name)):
                changed.add(name)
    return changed


def test_modules_of_the_page_remember_nothing_of_it() -> None:
    found = {
        (path.relative_to(UI).as_posix(), name) for path in FILES for name in found_in(path.read_text(encoding="utf-8"))
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import threading\n_lock = threading.Lock()", {"_lock"}),
        ("_kept: OrderedDict[str, int] = OrderedDict()", {"_kept"}),
        ("_kept = {}", {"_kept"}),
        ("seen = [1]", {"seen"}),
        ("seen = list(range(3))", {"seen"}),
        ("KEPT = {}\ndef keep(key, value):\n    KEPT[key] = value", {"KEPT"}),
        ("KEPT = []\ndef keep(value):\n    KEPT.append(value)", {"KEPT"}),
        ("KEPT = set()\ndef forget(value):\n    KEPT.discard(value)", {"KEPT"}),
        ("NAMES = {'a': 1}\nKINDS = [name for name in NAMES]", set()),
        ("BOTH: dict[str, int] = {}\nMOST = 8", set()),
        ("BOTH = {'a': 1}\nBOTH |= {'b': 2}", set()),  # while it is imported
        ("KEPT = {}\nforget = lambda: KEPT.clear()", {"KEPT"}),
        ("RUNS = Runs()", {"RUNS"}),
        ("_load = lru_cache(maxsize=2)(load_with_soft_labels)", {"_load"}),
        ("@functools.lru_cache\ndef all(): return {}", {"all"}),
        ("class Page:\n    @cache\n    def all(self): return {}", {"all"}),
        ("count = 0\ndef next():\n    global count\n    count += 1", {"count"}),
        ("LOAD = {'pool': ThreadPoolExecutor(8)}", {"LOAD"}),
        ("def begin():\n    lock, kept = Lock(), {}\n    kept['a'] = lock", set()),
    ],
)
def test_what_is_looked_for_is_found(source: str, names: set[str]) -> None:
    assert found_in(source) == names

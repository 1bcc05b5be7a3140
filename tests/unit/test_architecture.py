"""Imports point one way, from the networks to the page and the terminal."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "lenet").rglob("*.py"))

# From left to right: a file imports its own package and those before it.  Errors and the file format are everyone's.
ORDER = ("models", "preprocessing", "data", "training", "inference", "run", "ui", "cli")
EVERYWHERE = {"lenet.errors", "lenet.checkpoint", "lenet.paths", "lenet.http_settings", "lenet.signals"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, at its top or inside a function: "a.b" for `from a import b` too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            assert node.module is not None
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


MODULES = {module_name(path): path for path in FILES}
GRAPH = {name: (imports(path) & set(MODULES)) - {"lenet", name} for name, path in MODULES.items()}


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def test_the_graph_is_seen():
    """Without this, every test below would pass on an empty graph."""
    assert {"lenet.data.datasets", "lenet.models", "lenet.training.recipes"} <= GRAPH["lenet.training.loop"]
    assert "torch" in packages(MODULES["lenet.models.network"])


def test_no_import_cycles():
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name not in done:
            for other in sorted(GRAPH[name]):
                visit(other, (*trail, name))
            done.add(name)

    for name in GRAPH:
        visit(name, ())
    assert done == set(GRAPH)


def place(module: str) -> int:
    """Where in ORDER the module's package stands."""
    return ORDER.index(module.split(".")[1])


def test_imports_point_one_way():
    wrong = {
        f"{name} -> {other}"
        for name in GRAPH.keys() - EVERYWHERE - {"lenet"}
        for other in GRAPH[name] - EVERYWHERE
        if place(other) > place(name)
    }
    assert wrong == set()
    assert GRAPH["lenet.errors"] == GRAPH["lenet.http_settings"] == set()
    assert GRAPH["lenet.checkpoint"] == GRAPH["lenet.paths"] == {"lenet.errors"}


def test_networks_are_read_without_the_rest():
    """models/ is torch only, and what makes it faster on a processor is in a file of its own."""
    for name, path in MODULES.items():
        if name.startswith("lenet.models"):
            assert {other for other in GRAPH[name] if not other.startswith("lenet.models")} <= EVERYWHERE, name
            assert "lenet.models.cpu" not in GRAPH[name], name
            assert packages(path) <= {
                "__future__",
                "collections",
                "ctypes",
                "dataclasses",
                "functools",
                "lenet",
                "sys",
            } | {
                "torch",
                "typing",
            }, name


def test_only_the_page_knows_gradio():
    knows = {name for name, path in MODULES.items() if "gradio" in packages(path)}
    assert {name for name in knows if not name.startswith("lenet.ui")} == set()


def test_nothing_below_the_page_and_the_terminal_knows_them():
    below = {name: others for name, others in GRAPH.items() if not name.startswith(("lenet.ui", "lenet.cli"))}
    assert {name for name, others in below.items() if "lenet.cli" in others} == set()
    assert {name for name, others in below.items() if any(o.startswith("lenet.ui") for o in others)} == set()


def test_the_library_neither_prints_nor_plots():
    for name, path in MODULES.items():
        if name.startswith("lenet.ui") or name == "lenet.cli":
            continue
        assert not packages(path) & {"matplotlib", "tqdm", "argparse"}, name
        calls = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
        assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], name


def test_the_tabs_do_no_tensor_work():
    known = {"lenet.ui.shared.figures", "lenet.ui.shared.threads"}
    knows = {name for name, path in MODULES.items() if packages(path) & {"torch", "torchvision"}}
    assert {name for name in knows if name.startswith("lenet.ui")} <= known


IMPORTED = ROOT / "lenet" / "inference" / "imported.py"  # reads other programs' files


def calls(path: Path, *names: str) -> list[ast.Call]:
    """The calls of these functions, by their dotted names."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) in names]


def test_no_pickle_anywhere():
    for path in [*FILES, *ROOT.glob("*.py")]:
        assert not calls(path, "torch.save", "pickle.load", "pickle.loads"), path.name
        if path != IMPORTED:
            assert not packages(path) & {"pickle", "joblib", "dill", "shelve"}, path.name
            assert not calls(path, "torch.load"), path.name


def test_a_foreign_pickle_is_read_as_numbers_alone():
    (call,) = calls(IMPORTED, "torch.load")
    assert "weights_only=True" in ast.unparse(call)


def test_no_module_is_called_miscellaneous():
    assert not {path.stem for path in FILES} & {"utils", "helpers", "common", "manager", "misc"}


def test_nothing_is_yielded_inside_a_context_manager_of_torch():
    """The page may resume a generator on another thread, where `no_grad` is lost, or leaks."""
    for name, path in MODULES.items():
        for block in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(block, ast.With) and any("torch" in ast.unparse(item) for item in block.items):
                yields = [n for n in ast.walk(block) if isinstance(n, (ast.Yield, ast.YieldFrom))]
                assert not yields, f"{name}:{block.lineno}"

"""The scripts as the app serves them, and what they ask of each other and of the page's Python."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lenet.ui.shared import assets, texts
from lenet.ui.train.queue import MAX_RUNS_PER_OWNER

FOLDER = assets.HERE
SCRIPTS = sorted(FOLDER.rglob("*.js"))
IMPORT = re.compile(r'^import \{([^}]*)\} from "([\w./-]+)";', re.M)
EXPORT = re.compile(r"^export (?:async )?(?:const|let|function) (\w+)", re.M)
VARIABLE = re.compile(r"--lenet-([\w-]+): ([^;]+);")


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=assets.ROUTES))


def address(name: str) -> str:
    return f"/scripts/{assets.scripts().version}/{name}"


def test_every_script_is_served_for_good(client: TestClient) -> None:
    names = [path.relative_to(FOLDER).as_posix() for path in SCRIPTS]
    assert len(names) > 15
    for name in [*names, "texts.js"]:
        answer = client.get(address(name))
        assert answer.status_code == 200, name
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(address("draw/view.js")).content == (FOLDER / "draw/view.js").read_bytes()


def test_the_second_try_has_an_address_of_its_own_and_the_same_scripts(client: TestClient) -> None:
    version = assets.scripts().version
    again = client.get(f"/scripts/{version}{assets.AGAIN}/draw/view.js")
    assert again.content == client.get(address("draw/view.js")).content


@pytest.mark.parametrize("name", ["assets.py", "shared/style.css", "../page.py", "%2e%2e/page.py", "/etc/hostname", ""])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(address(name)).status_code == 404


def test_scripts_of_another_version_are_refused(client: TestClient) -> None:
    answer = client.get("/scripts/000000000000/draw/view.js")
    assert answer.status_code == 404
    assert "Reload" in answer.text
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for path in SCRIPTS:
        place = tmp_path / path.relative_to(FOLDER)
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(path.read_bytes())
    monkeypatch.setattr(assets, "HERE", tmp_path)
    assets.scripts.cache_clear()
    yield tmp_path
    assets.scripts.cache_clear()


def test_a_change_is_another_version_and_is_served_without_a_restart(client: TestClient, copy: Path) -> None:
    before = assets.scripts().version
    (copy / "photo/box.js").write_text("export const changed = true;\n")
    assert assets.scripts().version == before  # until a page asks for another
    assert client.get("/scripts/000000000000/photo/box.js").status_code == 404
    after = assets.scripts().version
    assert after != before
    assert client.get(f"/scripts/{after}/photo/box.js").text == "export const changed = true;\n"
    assert client.get(f"/scripts/{before}/photo/box.js").status_code == 404


def test_a_changed_text_is_another_version(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = assets.scripts().version
    monkeypatch.setitem(texts.ENGLISH, "language", "Tongue")
    assets.scripts.cache_clear()
    assert assets.scripts().version != before


def test_the_page_preloads_what_it_shows_first() -> None:
    links = assets.preload("draw/view.js", "train/heartbeat.js")
    found = re.findall(r'<link rel="modulepreload" href="scripts/(\w+)/([\w./-]+)">', links)
    mine = (
        "answer",
        "bars",
        "canvas",
        "closeup",
        "colours",
        "elements",
        "engine",
        "format",
        "gaps",
        "glossary",
        "keeping",
        "kernel",
        "language",
        "layers",
        "layout",
        "link",
        "mask",
        "outputs",
        "own",
        "preprocess",
        "printed",
    )
    shared = [f"shared/{name}.js" for name in (*mine, "reader", "segmentation", "stages", "storage", "trials")]
    own = ("examples", "inside", "invitation", "pad", "pictures", "png", "raster", "readers", "reading")
    draw = [f"draw/{name}.js" for name in (*own, "tools", "trace", "view", "wrong")]
    names = [*draw, *shared, "texts.js", "train/heartbeat.js"]
    assert found == [(assets.scripts().version, name) for name in names]


def test_a_component_names_its_script_its_events_and_says_what_went_wrong() -> None:
    body = assets.mount("zoo/view.js", events=["refuse", "seen"])
    assert body.startswith('// events: "refuse", "seen"\n')
    assert f"scripts/{assets.scripts().version}${{again}}/${{name}}" in body
    assert 'import(address("zoo/view.js", again))' in body
    assert json.dumps(assets.needed("zoo/view.js")) in body
    assert texts.ENGLISH["no_script"] in body
    assert texts.CHINESE["no_script"] in body
    assert not re.search(r"@\w+@", body)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_imports_are_exported(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    imports = IMPORT.findall(source)
    assert source.count("import {") == len(imports)
    for names, other in imports:
        there = posixpath.normpath(posixpath.join(path.relative_to(FOLDER).parent.as_posix(), other))
        exported = EXPORT.findall(assets.scripts().files[there].decode())
        wanted = {name.strip() for name in names.split(",")}
        assert wanted <= set(exported), (path.name, other)
        for name in wanted:
            assert len(re.findall(rf"\b{name}\b", source)) > 1, f"{path.name} imports {name} and does not use it"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_globals_and_have_no_colours(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(window|globalThis|self)\.\w+ = ", source)
    assert not re.search(r"""["'`](#[0-9a-f]{3,8}|rgba?\()""", source), "shared/style.css has the colours"


def test_components_and_their_scripts_agree_on_events() -> None:
    mounted = {}
    for path in FOLDER.rglob("*.py"):
        for script, events in re.findall(
            r'assets\.mount\("([\w./-]+)"(?:, events=(\[[^\]]*\]))?\)', path.read_text(encoding="utf-8")
        ):
            mounted[script] = set(re.findall(r'"(\w+)"', events))
    assert len(mounted) == 10
    for script, events in mounted.items():
        assert set(re.findall(r'\btrigger\("(\w+)"', (FOLDER / script).read_text(encoding="utf-8"))) == events, script


def test_light_and_dark_have_every_colour_that_scripts_paint_with() -> None:
    style = (FOLDER / "shared/style.css").read_text(encoding="utf-8")
    light, dark = (
        dict(VARIABLE.findall(style.split(start, 1)[1].split("}", 1)[0])) for start in (":root {", "\n.dark {")
    )
    ramps = {f"ramp-{side}-{stop}" for side in ("plus", "minus") for stop in range(1, 5)}
    numbers = {"plus", "minus", "ramp-zero", "ramp-ink", *ramps}
    lines = {f"run-{colour}" for colour in range(MAX_RUNS_PER_OWNER)}
    for theme in (light, dark):
        assert numbers | lines <= set(theme)
        assert all(re.fullmatch("#[0-9a-f]{6}", theme[name]) for name in numbers | lines)
        assert len({theme[name] for name in lines}) == MAX_RUNS_PER_OWNER
    scripts = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    named = set(re.findall(r'variable\("([\w-]+)"\)', scripts))
    assert named
    assert named <= set(light) & set(dark)

"""The file to take home, as text; that it answers is tested in a browser."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any
from urllib.parse import unquote

import pytest
from torch import Tensor, nn

from lenet.errors import CheckpointError
from lenet.inference.pretrained import Checkpoint, load
from lenet.models.network import Network
from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS
from lenet.ui.home.page import COMMENT, document, fits
from lenet.ui.shared import assets

TODAY = date(2026, 1, 2)
ELEMENT = re.compile(r'<script type="([\w/]+)"(?: id="(\w+)")?>(.*?)</script>', re.DOTALL)


def page(name: str = "digits", called: str = "") -> str:
    return document(load(WEIGHTS / f"{name}.safetensors"), called or name, TODAY)


def element(text: str, name: str) -> Any:
    """The JSON in a script element of that type or id."""
    return next(json.loads(content) for kind, own, content in ELEMENT.findall(text) if name in (kind, own))


def modules(text: str) -> dict[str, str]:
    imports = element(text, "importmap")["imports"]
    return {name: unquote(address.partition(",")[2]) for name, address in imports.items()}


@pytest.mark.parametrize("name", ["digits", "mnist-lenet5-1998", "mnist-lenet5-sigmoid", "mnist-lenet5-bn"])
def test_a_network_that_reads_digits_takes_less_than_600_kilobytes(name: str) -> None:
    assert len(page(name).encode()) < 600_000


def test_a_file_has_no_scripts_of_the_other_kind_of_network() -> None:
    digits, photos = set(modules(page())), set(modules(page("photos-lenet5")))
    assert "lenet/shared/namer.js" in photos - digits
    assert {"lenet/shared/segmentation.js", "lenet/draw/pad.js", "lenet/shared/printed.js"} <= digits - photos


def test_it_asks_for_nothing_from_anywhere() -> None:
    text = page()
    scripts = modules(text)
    without = re.sub(r'<script type="importmap">.*?</script>', "", text, flags=re.DOTALL)
    assert not re.findall(r'(?:src|href)="|@import|url\(', without)
    for name, code in scripts.items():
        assert not re.findall(r"url\((?!#|\$)", code), name  # a mask of its own, or the picture that was chosen
        assert not re.findall(r"\bfetch\(|XMLHttpRequest|import\(", code), name


@pytest.mark.parametrize(("network", "entry"), [("digits", "home/digits.js"), ("photos-lenet5", "home/photos.js")])
def test_every_module_is_there_once_and_imports_the_others_by_their_names(network: str, entry: str) -> None:
    text = page(network)
    found = modules(text)
    assert set(found) == {f"lenet/{name}" for name in assets.needed(entry)}
    assert f'import {{ show }} from "lenet/{entry}";' in text
    imported = {name for code in found.values() for name in re.findall(r'\bimport [^;"]* from "([^"]+)";', code)}
    assert imported == set(found) - {f"lenet/{entry}"}
    engine = assets.scripts().files["shared/engine.js"].decode().replace("./kernel.js", "lenet/shared/kernel.js")
    code, wanted = (
        "".join(text.split()) for text in (found["lenet/shared/engine.js"], re.sub(r"//(?: .*)?\n", "", engine))
    )
    assert code == wanted


def test_it_has_the_texts_that_it_says_in_every_language() -> None:
    text = page()
    said = modules(text)["lenet/texts.js"]
    texts, _ = json.JSONDecoder().raw_decode(said.removeprefix("export const TEXTS = "))
    keys = set(re.findall(r'data-say(?:-\w+)?="(\w+)"', text))
    assert len(keys) > 15
    assert set(texts) == {"en", "zh"}
    for known in texts.values():
        assert keys <= set(known)
        assert not {key for key in known if key.startswith(("photo_why", "upload", "run_"))}
    assert "归一化" in said  # a step of the preprocessing


def test_a_name_cannot_end_a_script_or_become_markup() -> None:
    text = page(called="</script><b>{{ 1 }}")
    assert "<b>" not in text.partition("<h1>")[2].partition("</h1>")[0]
    assert "</script><b>" not in text
    assert element(text, "network")["name"] == "</script><b>{{ 1 }}"


def test_a_small_network_for_photos_has_a_place_for_pictures_and_no_pad() -> None:
    text = page("photos-lenet5")
    assert 'capture="environment"' in text
    assert 'canvas class="pad"' not in text
    assert 'canvas class="pad"' in page()


def test_a_large_network_for_photos_is_refused() -> None:
    assert fits(3, 130_000)
    assert not fits(3, 130_001)
    assert fits(1, 10_000_000)
    with pytest.raises(CheckpointError, match="photos-medium has 1,972,490 parameters, too many"):
        page("photos-medium")


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sin()


def test_a_network_that_no_browser_computes_is_refused() -> None:
    recipe = next(recipe for recipe in RECIPES.values() if recipe.model == "lenet-modern")
    network = Network(wave=Sine(), flatten=nn.Flatten(), fc=nn.Linear(784, 10)).eval()
    with pytest.raises(CheckpointError, match="layers that no browser computes: wave"):
        document(Checkpoint(network, recipe, tuple("0123456789"), {}), "strange", TODAY)


@pytest.mark.parametrize("name", sorted({*assets.needed("home/digits.js"), *assets.needed("home/photos.js")}))
def test_what_is_stripped_from_a_script_is_comment(name: str) -> None:
    for line in assets.scripts().files[name].decode().split("\n"):
        code = COMMENT.sub("", line)
        without_texts = re.sub(r'"[^"]*"|/(?:[^/\\]|\\.)+/[gu]*', "", code)  # and without regular expressions
        assert code.count('"') % 2 == without_texts.count("`") % 2 == 0, line
        assert name != "texts.js" or code == line

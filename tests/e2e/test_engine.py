"""Networks in the browser: the scripts compute what PyTorch computes, and read drawings as Python does."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page
from torch import Tensor, nn

from benchmarks.drawings.accuracy import CHANGES, WIDTHS
from benchmarks.drawings.numbers import numbers
from benchmarks.web import LAYOUTS, BrowserReader, antialiased, compare, layouts, scripts_page, table_of
from lenet.data.strokes import Drawing, read_drawings, render
from lenet.inference.digits import DigitClassifier
from lenet.inference.pretrained import Checkpoint, load
from lenet.inference.web import to_table
from lenet.models import MODELS
from lenet.models.network import Network
from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS
from tests.unit.test_bars import display
from tests.unit.test_layout import (
    GRID,
    LEANING,
    NINE,
    NO_SIGNS,
    TOUCHING_EQUALS,
    barcode,
    between,
    broken_one,
    column,
    columns,
    comb,
    comparison,
    drawn_grid,
    framed,
    grid,
    high_exponent,
    little,
    on_a_line,
    on_dots,
    prices,
    raised,
    ringed,
    ringed_number,
    rings,
    signed,
    slashed,
    two_rows_of_heights,
    wide_barcode,
    with_comma,
    with_dash,
    with_point,
    word,
)
from tests.unit.test_numbers import FOUR, ONE, SEVEN, TWO, ZERO

# A network on one picture: every layer's name, shape and numbers.
FORWARD = """async ({ table, x }) => {
  const { network, unknown } = await import("./shared/engine.js");
  const net = network(table);
  const said = ({ layer, shape, data }) => [layer.name, shape, [...data]];
  return { unknown: unknown(table), outputs: net && net.forward(Float32Array.from(x)).map(said) };
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = scripts_page(browser)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def page_without_webassembly(browser: Browser) -> Iterator[Page]:
    page = scripts_page(browser)
    page.evaluate('() => { WebAssembly.Module = class { constructor() { throw new Error("no WebAssembly"); } }; }')
    yield page
    page.context.close()


def run(page: Page, function: str, given: dict[str, Any]) -> Any:
    """What a function of the page says; as JSON, for Playwright wraps each number of an array on its way."""
    code = f"async (given) => JSON.stringify(await ({function})(JSON.parse(given)))"
    return json.loads(page.evaluate(code, json.dumps(given)))


def checkpoint_of(network: Network, model: str, channels: int = 1) -> Checkpoint:
    recipe = next(r for r in RECIPES.values() if r.model == model and len(r.input.mean) == channels)
    return Checkpoint(network, recipe, tuple("0123456789"), {"test_accuracy": 0.5})


def computed(page: Page, table: dict[str, Any], x: Tensor) -> Any:
    return run(page, FORWARD, {"table": table, "x": x.flatten().tolist()})


# What the network saw of a 7, grey in rows: the name of each step, and its pixels.
SEEN = """async ({ table, width, height, grey }) => {
  const { digitReader } = await import("./shared/reader.js");
  const reader = digitReader(table);
  const drawing = { width, height, data: Uint8Array.from(grey) };
  const { found: [first] } = reader.read(drawing);
  const { found: [early], hasty } = reader.read(drawing, "modern", { hasty: true });
  if (hasty !== (early.digit.verdict !== "sure")) throw new Error("hasty where no second look is to be taken, or not");
  const { stages } = reader.behind(first);
  return [first.digit.verdict, stages.map(({ name, why, image }) => [name.template, why.template, [...image.cells]])];
}"""


@pytest.mark.parametrize("sure", [True, False], ids=["sure", "unsure"])
def test_the_browser_shows_every_size_that_an_answer_is_of(page: Page, sure: bool) -> None:
    checkpoint = load(WEIGHTS / "digits.safetensors")
    if not sure:  # so hot that no answer stands out
        checkpoint = replace(checkpoint, recipe=checkpoint.recipe.with_changes(temperature=10.0), calibration=None)
    reader = DigitClassifier(checkpoint)
    picture = render(SEVEN, 20, 280)
    table = to_table(checkpoint, "one", date(2026, 1, 2))
    asked = {"table": table, "width": picture.width, "height": picture.height, "grey": [*picture.tobytes()]}
    verdict, seen = run(page, SEEN, asked)
    expected = reader.predict(picture)
    assert verdict == expected.verdict == ("sure" if sure else "unsure")
    assert [(name, why) for name, why, _ in seen] == [(s.name, s.why.template) for s in expected.preprocessed.stages]
    for (name, _, pixels), stage in zip(seen, expected.preprocessed.stages, strict=True):
        if name in ("Centred", "Smaller", "Larger"):
            assert np.abs(np.array(pixels) - stage.image.ravel().astype(int)).max() <= 2


# Where a hasty reading is not what a whole one is, though it does not say so.
HASTY = """({ width, height, greys }) => greys.filter((grey) => {
  const drawing = { width, height, data: Uint8Array.from(grey) };
  const [whole, early] = [false, true].map((hasty) => window.reader.read(drawing, "modern", { hasty }));
  const said = ({ found, marks }) => JSON.stringify([found.map(({ digit }) => digit), marks]);
  const sure = early.found.every(({ digit }) => digit.verdict === "sure");
  return whole.hasty || (early.hasty ? sure : said(whole) !== said(early));
}).length"""


def test_a_hasty_reading_says_where_a_second_look_is_to_follow(browser: Browser) -> None:
    reader = BrowserReader(browser, table_of("digits"))
    pictures = [signed("7)"), signed("204"), with_point(8), ringed(TWO), word(), barcode(5), two_rows_of_heights()]
    greys = [[*picture.tobytes()] for picture in pictures]
    assert not run(reader.page, HASTY, {"width": 280, "height": 280, "greys": greys})


# How a number in the middle of each layer's maps came about: [layer, operation, its sum or its patch, its first value].
TRACE = """async ({ table, x }) => {
  const [{ network }, { traced }] = await Promise.all([import("./shared/engine.js"), import("./draw/trace.js")]);
  const data = Float32Array.from(x);
  const first = { layer: { name: "", op: "input" }, shape: table.input.shape, data };
  const outputs = [first, ...network(table).forward(data)];
  return outputs.slice(1).filter(({ shape }) => shape.length === 3).map(({ layer, shape: [maps, height, width] }) => {
    const { op, parts, bias, steps } = traced(outputs, layer.name, maps >> 1, height >> 1, width - 1);
    const sum = parts.reduce((all, part) => all + part.sum, bias);
    return [layer.name, op, op === "conv" ? sum : [...(parts[0]?.patch ?? [])], steps];
  });
}"""


@pytest.mark.parametrize("model", ["lenet-modern", "lenet5-bn", "lenet5-1998"])
def test_the_workings_of_a_number_give_that_number(page: Page, model: str) -> None:
    network = trained(model, 1)
    size = MODELS[model].size
    x = torch.randn(1, 1, size, size)
    table = to_table(checkpoint_of(network, model), "one", date(2026, 1, 2))
    found = run(page, TRACE, {"table": table, "x": x.flatten().tolist()})
    with torch.inference_mode():
        expected = network.activations(x)
    operations = set()
    for name, operation, workings, steps in found:
        out = expected[name][0]
        maps, height, width = out.shape
        assert steps[-1]["name"] == name
        assert steps[-1]["value"] == pytest.approx(float(out[maps // 2, height // 2, width - 1]), abs=1e-4)
        if operation in ("max", "mean"):
            workings = max(workings) if operation == "max" else sum(workings) / len(workings)
        if operation in ("conv", "max", "mean"):
            assert workings == pytest.approx(steps[0]["value"], abs=1e-4), name
        operations.add(operation)
    assert "conv" in operations


def expect_the_same(found: Any, network: Network, x: Tensor) -> None:
    with torch.inference_mode():
        expected = network.activations(x)
    assert [(name, shape) for name, shape, _ in found] == [(n, list(out.shape[1:])) for n, out in expected.items()]
    for name, shape, numbers_ in found:
        out = torch.tensor(numbers_).view(1, *shape)
        torch.testing.assert_close(out, expected[name], rtol=1e-4, atol=1e-4)


def trained(model: str, channels: int) -> Network:
    """Of random weights, with statistics as a training leaves them; rounded, as halves are exact then."""
    torch.manual_seed(0)
    network = MODELS[model].build(channels, 10).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 2)
            nn.init.normal_(layer.bias)
    return network.half().float()


@pytest.mark.parametrize("engine", ["page", "page_without_webassembly"], ids=["webassembly", "javascript"])
@pytest.mark.parametrize(
    ("model", "channels"),
    [
        ("lenet5-1998", 1),
        ("lenet5-sigmoid", 1),
        ("lenet5-bn", 1),
        ("lenet-modern", 1),
        ("lenet5-linear", 3),
        ("lenet5", 3),
        ("lenet-wide", 3),
        ("convnet-small", 3),
        ("resnet-mini", 3),
    ],
)
def test_every_layer_of_a_network_is_that_of_pytorch(
    request: pytest.FixtureRequest, model: str, channels: int, engine: str
) -> None:
    page = request.getfixturevalue(engine)
    network = trained(model, channels)
    x = torch.randn(1, channels, MODELS[model].size, MODELS[model].size)
    found = computed(page, to_table(checkpoint_of(network, model, channels), "one", date(2026, 1, 2)), x)
    assert found["unknown"] == []
    expect_the_same(found["outputs"], network, x)


def test_convolutions_and_pooling_of_other_forms_are_those_of_pytorch(page: Page) -> None:
    torch.manual_seed(0)
    network = Network(
        conv1=nn.Conv2d(1, 5, (3, 2), stride=(2, 1), padding=(0, 3), dilation=(1, 2)),
        tanh=nn.Tanh(),
        pool=nn.MaxPool2d(3, stride=2),
        mean=nn.AvgPool2d((1, 3)),
        block=nn.Sequential(nn.Conv2d(5, 7, 1, bias=False), nn.Dropout(), nn.ReLU()),
        flatten=nn.Flatten(),
        fc=nn.LazyLinear(10),
    ).eval()
    x = torch.randn(1, 1, 28, 28)
    network(x)
    network.half().float()
    found = computed(page, to_table(checkpoint_of(network, "lenet-modern"), "one", date(2026, 1, 2)), x)
    assert found["unknown"] == []
    expect_the_same(found["outputs"], network, x)


class Fancy(nn.Module):
    """A layer of the future."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sin()


@pytest.mark.parametrize(
    "layer",
    [
        Fancy(),
        nn.Sequential(nn.ReLU(), Fancy()),
        nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"),
        nn.MaxPool2d(3, stride=1, padding=1),
        nn.GELU(approximate="tanh"),
    ],
)
def test_a_network_with_a_layer_that_the_engine_does_not_know_is_left_to_the_server(
    page: Page, layer: nn.Module
) -> None:
    network = Network(strange=layer, flatten=nn.Flatten(), fc=nn.Linear(784, 10)).eval()
    found = computed(page, to_table(checkpoint_of(network, "lenet-modern"), "one", date(2026, 1, 2)), torch.zeros(784))
    assert found == {"unknown": ["strange"], "outputs": None}


def test_a_table_of_another_format_is_left_to_the_server(page: Page) -> None:
    table = to_table(checkpoint_of(trained("lenet-modern", 1), "lenet-modern"), "one", date(2026, 1, 2)) | {"format": 2}
    assert computed(page, table, torch.zeros(784))["outputs"] is None


# --- drawings --------------------------------------------------------------------------------------------


def sample(pen_file: Path, count: int) -> list[Drawing]:
    return random.Random(0).sample(read_drawings(pen_file), count)


def expect_agreement(browser: Browser, network: str, pictures: Sequence[Image.Image], pipeline: str = "modern") -> None:
    classifier = DigitClassifier.from_pretrained(network)
    found = compare(network, BrowserReader(browser, table_of(network)), classifier, pictures, pipeline)
    assert len(pictures) - found.left > 0.95 * len(pictures)
    assert not found.differences
    assert len(found.distances) == len(pictures) - found.left
    assert np.median(found.distances) < 1e-4
    assert max(found.distances) < 5e-3


@pytest.mark.parametrize("network", ["digits", "mnist-lenet5-1998", "mnist-lenet5-sigmoid", "mnist-lenet5-bn"])
def test_the_browser_reads_drawings_as_python_does(browser: Browser, pen_file: Path, network: str) -> None:
    rng, changes = np.random.default_rng(0), [*CHANGES.values()]
    expect_agreement(
        browser,
        network,
        [
            changes[i % len(changes)]([np.array(s) for s in d.strokes], WIDTHS[i % len(WIDTHS)], rng)
            for i, d in enumerate(sample(pen_file, 100))
        ]
        + [antialiased(d) for d in sample(pen_file, 30)],
    )


def test_the_browser_reads_numbers_as_python_does(browser: Browser, pen_file: Path) -> None:
    drawings, rng = sample(pen_file, 500), np.random.default_rng(0)
    pictures = [n.picture for length in (2, 3, 4) for n in numbers(drawings, length, 8, rng)]
    pictures += [n.picture for n in numbers(drawings, 2, 8, rng, touching=True)]
    expect_agreement(browser, "digits", pictures)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_browser_tells_digits_from_what_stands_beside_them(browser: Browser, pen_file: Path, name: str) -> None:
    pictures = [*layouts(sample(pen_file, 200), name, 8, np.random.default_rng(0))]
    classifier = DigitClassifier.from_pretrained("digits")
    found = compare(name, BrowserReader(browser, table_of("digits")), classifier, pictures)
    assert found.left < len(pictures)
    assert not found.differences


def test_the_browser_tells_near_points_dashes_broken_digits_rings_and_grids(browser: Browser) -> None:
    pictures = [with_point(gap) for gap in (5, 8, 15)] + [with_dash(*gaps) for gaps in ((15, 45), (30, 30), (45, 15))]
    pictures += [
        prices(),
        comb(TWO, SEVEN, FOUR),
        raised(TWO, 0.5),
        raised(ZERO, 0.15),
        raised(ZERO, 0.3),
        little(),
        high_exponent(),
        comparison(),
    ]
    pictures += [barcode(8, 8), barcode(5), wide_barcode(paper=False)]
    pictures += [little(ZERO, 292), little(ZERO, 100), with_comma(), two_rows_of_heights()]
    pictures += [broken_one(), ringed(TWO), ringed(SEVEN), ringed([[(30, 50), (31, 51)]]), ringed(TWO, 105)]
    pictures += [ringed(TWO, gap=40), ringed(SEVEN, gap=20)]
    pictures += [between(*strokes) for strokes in (*NO_SIGNS.values(), (TOUCHING_EQUALS,))]
    pictures += [ringed_number(apart) for apart in (40, 0, -10)]
    pictures += [
        rings(0),
        rings(75),
        rings(105),
        columns(),
        column(18),
        column(24),
        framed(TWO),
        framed(SEVEN, 170, 260),
    ]
    pictures += [on_a_line(FOUR, ONE, SEVEN, y=y) for y in (302, 305)] + [on_a_line(TWO), on_dots(TWO, ONE, SEVEN)]
    pictures += [
        word(),
        slashed("27/4/20", 1.0),
        slashed("7/20", 1.4),
        slashed("7/4/0/2", 1.4),
        slashed("10/07", 1.9),
        slashed("27141", 1.0, LEANING),
        *(
            signed(number)
            for number in ("7)", "(40)", "(4)(2)", "20%", "%", "(7", "2(4", "2+7=4", "4×7=2", "0-4", "7=", "2+", "=7")
        ),
        signed("71)", bow=4),
    ]
    pictures += [grid(*NINE, pitch=pitch, lines=lines) for pitch in (36, 50) for lines in (True, False)]
    pictures += [drawn_grid(*rows, lean=lean) for rows in (GRID, GRID[:2]) for lean in (0, 3, -6)]
    pictures += [drawn_grid(*GRID, bend=bend) for bend in (5, -8)]
    classifier = DigitClassifier.from_pretrained("digits")
    found = compare("marks", BrowserReader(browser, table_of("digits")), classifier, pictures)
    assert found.left == 0
    assert not found.differences


def test_the_browser_reads_displays_as_python_does(browser: Browser) -> None:
    pictures = [display("8"), display("6204", 6, 4), display("359", 12, slant=0.15), display("48", gap=6, pitch=66)]
    pictures += [display(text) for text in ("2.5", "12:08", "9:41")] + [display("7.4", slant=0.12)]
    pictures += [display(text, 8, gap).filter(ImageFilter.GaussianBlur(0.7)) for text, gap in (("83", 2), ("88", 3))]
    classifier = DigitClassifier.from_pretrained("digits")
    assert classifier.read_page(pictures[1]).text == "6204"
    found = compare("displays", BrowserReader(browser, table_of("digits")), classifier, pictures)
    assert found.left == 0
    assert not found.differences


def test_the_browser_knows_the_classic_pipeline(browser: Browser, pen_file: Path) -> None:
    pictures = [render(d.strokes, 28) for d in sample(pen_file, 60)]
    expect_agreement(browser, "mnist-lenet5-bn", pictures, "classic")


def test_the_browser_reads_odd_drawings_as_python_does(browser: Browser) -> None:
    ends = [[(10.0, 250.0), (490.0, 250.0)]]
    specks = [[(float(x), float(y))] for x in range(20, 500, 60) for y in range(20, 500, 60)]
    pictures = [render(strokes, width, side) for strokes in ([], ends, specks) for width, side in ((2, 400), (30, 37))]
    pictures += [render(ends, 20, 1201), Image.new("L", (280, 280), 0), Image.new("L", (1, 1), 255)]
    expect_agreement(browser, "digits", pictures)

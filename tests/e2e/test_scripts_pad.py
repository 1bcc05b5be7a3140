"""The scripts' pure functions: the pixels of strokes, and how an answer to them is told."""

from __future__ import annotations

import io
import itertools
import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from lenet.inference.classifier import UNSURE_BELOW
from lenet.inference.digits import DigitPrediction, FoundDigit
from lenet.preprocessing.printed import printed_box
from lenet.preprocessing.stages import Preprocessed
from lenet.ui.shared import facts, pictures
from lenet.ui.shared.messages import Digit
from tests.e2e.conftest import Scripts

# --- the pixels of strokes -----------------------------------------------------------------------------------

# [width, points]: a hook, a dot, two lines that cross, and a line that leaves the pad.
LINES = [
    [20, [[80, 62], [205, 58], [172.5, 120.25], [132, 232]]],
    [20, [[105, 140], [195, 128]]],
    [7, [[30.5, 30.25]]],
    [4, [[40, 60], [60, 40.5], [40, 20]]],
    [40, [[260, 250], [300, 300]]],
    [12, [[90, 80], [200, 150]], True],
    [5, [[150, 100], [160, 200]]],
]
STROKES = "given.map(([width, points, erases]) => ({ width, erases, points: points.map(([x, y]) => ({ x, y })) }))"


def test_strokes_become_the_pixels_that_a_canvas_shows(scripts: Scripts) -> None:
    code = f"""
        const strokes = {STROKES};
        const canvas = Object.assign(document.createElement("canvas"), {{ width: 280, height: 280 }});
        const pen = canvas.getContext("2d", {{ alpha: false, willReadFrequently: true }});
        pen.fillStyle = "white";
        pen.fillRect(0, 0, 280, 280);
        for (const {{ width, points, erases }} of strokes) {{
            [pen.lineWidth, pen.lineCap, pen.lineJoin] = [width, "round", "round"];
            pen.strokeStyle = erases ? "white" : "black";
            pen.beginPath();
            if (points.length === 1) pen.arc(points[0].x, points[0].y, 0.001, 0, 7);
            pen.moveTo(points[0].x, points[0].y);
            points.forEach(({{ x, y }}) => pen.lineTo(x, y));
            pen.stroke();
        }}
        const shown = [...pen.getImageData(0, 0, 280, 280).data].filter((_, i) => i % 4 === 0);
        return [shown, [...m.raster(280, 280)(strokes)]];
    """
    shown, ours = (np.array(pixels, int) for pixels in scripts.run("draw/raster.js", code, LINES))
    assert (ours < 128).sum() > 8000
    difference = abs(shown - ours)  # on edges alone: a canvas rounds their place, and its round ends have corners
    assert difference.max() <= 96
    assert difference.mean() < 0.3


def test_what_hangs_together_in_a_mask_is_what_scipy_says(scripts: Scripts) -> None:
    """Also by corners, and never from the end of a row to the start of the next."""
    rng = np.random.default_rng(3)
    sizes = [(1, 1), (1, 9), (9, 1), (2, 2), (12, 7), (40, 33)]
    masks = [(rng.random(size) < ink).astype(int) for size in sizes for ink in (0.0, 0.2, 0.45, 0.7, 1.0)]
    spiral = np.zeros((9, 9), int)
    spiral[0], spiral[:, 8], spiral[8, 2:], spiral[2:, 2], spiral[2, 2:7], spiral[4:7, 6], spiral[6, 4:7] = (1,) * 7
    masks.append(spiral)
    code = """
        return given.map(([width, height, cells]) => {
            const { labels, boxes, areas } = m.labelled({ width, height, data: Uint8Array.from(cells) });
            return [[...labels], boxes, areas];
        });
    """
    found = scripts.run(
        "shared/mask.js", code, [[mask.shape[1], mask.shape[0], mask.ravel().tolist()] for mask in masks]
    )
    for mask, (labels, boxes, areas) in zip(masks, found, strict=True):
        expected, count = ndimage.label(mask, np.ones((3, 3)))
        assert labels == expected.ravel().tolist()
        assert areas == np.bincount(expected.ravel(), minlength=count + 1)[1:].tolist()
        places = [
            (columns.start, rows.start, columns.stop, rows.stop) for rows, columns in ndimage.find_objects(expected)
        ]
        assert [tuple(box) for box in boxes] == places


def test_strokes_are_the_same_pixels_however_they_came(scripts: Scripts) -> None:
    """Point by point, after an undo, and at once."""
    code = f"""
        const strokes = {STROKES};
        const at_once = m.raster(280, 280)(strokes).join();
        const pad = m.raster(280, 280);
        const drawn = [];
        for (const {{ width, points, erases }} of strokes) {{
            drawn.push({{ width, erases, points: [] }});
            for (const point of points) {{
                drawn.at(-1).points.push(point);
                pad(drawn);
            }}
        }}
        const grown = pad(drawn).join();
        pad(strokes.slice(0, 2));
        const undone = pad(strokes.slice(0, 1)).join() === m.raster(280, 280)(strokes.slice(0, 1)).join();
        const cleared = pad([]).every((pixel) => pixel === 255);
        return [at_once === grown, undone, cleared, pad(strokes).join() === at_once];
    """
    assert scripts.run("draw/raster.js", code, LINES) == [True, True, True, True]


@pytest.mark.parametrize("compression", ["deflate", "none"])
def test_a_picture_is_encoded_without_a_canvas(scripts: Scripts, compression: str) -> None:
    code = """
        if (given === "none") window.CompressionStream = undefined;
        const pixels = Uint8Array.from({ length: 300 * 280 }, (_, i) => (i * i) % 251);
        return m.greyAddress(pixels, 300, 280);
    """
    address = scripts.run("draw/png.js", code, compression)
    picture = Image.open(io.BytesIO(pictures.decode(address)))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (300, 280))
    expected = (np.arange(300 * 280, dtype=np.int64) ** 2 % 251).reshape(280, 300)
    np.testing.assert_array_equal(np.asarray(picture), expected)


@pytest.mark.parametrize("degrees", range(0, 360, 15))
def test_a_pixel_on_an_edge_is_covered_by_as_much_as_lies_behind_it(scripts: Scripts, degrees: int) -> None:
    x, y = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    places = (np.arange(200) + 0.5) / 200 - 0.5
    edges = [edge / 10 for edge in range(-8, 9)]
    found = scripts.run("draw/raster.js", "return given.map((edge) => m.covered(...edge))", [[e, x, y] for e in edges])
    behind = places[:, None] * x + places * y
    np.testing.assert_allclose(found, [(behind < edge).mean() for edge in edges], atol=0.005)


# --- what the network reads on the pad -------------------------------------------------------------------------


def digit(label: str, confidence: float, verdict: str = "sure", **more: Any) -> dict[str, Any]:
    """A fact made by hand: the rest of the probability goes to another class, or to none."""
    probs = dict.fromkeys("0123456789", 0.0)
    probs[label] = confidence
    p_not_digit = 1 - confidence if verdict == "not_digit" else 0.0
    probs["5" if label != "5" else "6"] += 1 - confidence - p_not_digit
    box = [0.1, 0.3, 0.4, 0.7]
    return (
        asdict(Digit(label, confidence, probs, p_not_digit, verdict, box, touching=False, among_letters=False)) | more
    )


def reading(digits: list[dict[str, Any]], *marks: dict[str, Any]) -> dict[str, Any]:
    return {"digits": digits, "marks": [*marks]}


TWENTY = [digit("2", 0.98), digit("0", 0.55, "unsure", box=[0.6, 0.05, 0.9, 0.7])]
TWO_ROWS = [
    digit(label, 0.98, box=box)
    for label, box in zip(
        "2047", ([0.1, 0.1, 0.2, 0.3], [0.4, 0.2, 0.5, 0.4], [0.15, 0.6, 0.25, 0.8], [0.4, 0.5, 0.5, 0.7]), strict=True
    )
]
SCRIBBLE = digit("5", 0.12, "not_digit")
PERHAPS_NONE = digit("2", 0.6, "unsure", probs=dict.fromkeys("0123456789", 0.0) | {"2": 0.6}, p_not_digit=0.4)
ANSWER = """
    const made = m.answerOf(...given);
    const all = (selector) => [...made.querySelectorAll(selector)];
    return {
        label: made.dataset.label, text: made.textContent, sentence: made.querySelector(".sentence").textContent,
        large: made.querySelector(".label").textContent, kind: made.className,
        names: all(".name").map((name) => name.textContent), best: all(".best .name").map((name) => name.textContent),
        rows: all(".row").map((row) => row.textContent), crowded: made.querySelector(".crowded") !== null,
        pressed: all("[aria-pressed=true]").map((button) => button.textContent),
        spoken: made.querySelector(".bars").ariaLabel,
        fill: all(".fill").map(({ style }) => style.transform),
    };
"""


def test_one_digit_is_shown_with_every_class_in_order(scripts: Scripts) -> None:
    shown = scripts.run("draw/reading.js", ANSWER, [reading([digit("2", 0.98)]), 0])
    assert (shown["label"], shown["large"], shown["kind"]) == ("2", "2", "answer sure")
    assert shown["sentence"] == "98.0% sure"
    assert shown["names"] == [*"0123456789", "none"]
    assert shown["best"] == ["2"]
    assert shown["spoken"].startswith("Probabilities: 0 0%, 1 0%, 2 98%")
    assert shown["fill"][2] == "scaleX(0.98)"
    without = scripts.run("draw/reading.js", ANSWER, [reading([digit("2", 0.98, p_not_digit=None)]), 0])
    assert without["names"] == [*"0123456789"]


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (digit("2", 0.9996), "over 99.9% sure"),
        (digit("2", 0.6, "unsure"), "Unsure: 2 or 5?"),
        (PERHAPS_NONE, "Unsure: 2, or not a digit?"),
        (digit("A", 0.6, "unsure", probs={"A": 0.6, "B": 0.1}, p_not_digit=0.3), "Unsure: A, or none of these?"),
        (digit("A", 0.6, "unsure", probs={"A": 0.6, "B": 0.3}, p_not_digit=0.1), "Unsure: A or B?"),
        (SCRIBBLE, "Not a digit, I think. Most like 5."),
        (digit("2", 0.9, "unsure", touching=True), "These may be two digits that touch: leave a gap."),
        (
            digit("0", 1.0, "unsure", among_letters=True),
            "Most like 0, but what stands beside it is no digit: this may be a letter.",
        ),
        (
            SCRIBBLE | {"touching": True},
            "Not one digit, I think. Most like 5. If these are two that touch, leave a gap.",
        ),
        (digit("2", 0.0, "blank"), "Nothing to read here yet: draw something."),
    ],
)
def test_an_answer_is_told_in_words(scripts: Scripts, one: dict[str, Any], sentence: str) -> None:
    assert scripts.run("draw/reading.js", "return m.sentenceOf(given)", one) == sentence


@pytest.mark.parametrize(
    ("one", "asked"),
    [
        (SCRIBBLE, True),
        (PERHAPS_NONE, True),
        (PERHAPS_NONE | {"touching": True}, False),
        (SCRIBBLE | {"touching": True}, True),
        (digit("2", 0.6, "unsure"), False),
        (digit("2", 0.9, p_not_digit=0.09), False),
        (digit("A", 0.2, "not_digit", probs={"A": 0.2, "B": 0.1}, p_not_digit=0.7), False),
    ],
)
def test_a_person_may_say_that_a_doubted_digit_is_one(scripts: Scripts, one: dict[str, Any], asked: bool) -> None:
    assert scripts.run("draw/reading.js", "return m.doubted(given)", one) == asked


def test_rows_stand_under_one_another(scripts: Scripts) -> None:
    shown = scripts.run("draw/reading.js", ANSWER, [reading(TWO_ROWS), 2])
    assert (shown["label"], shown["rows"], shown["crowded"]) == ("2047", ["298%098%", "498%798%"], True)
    column = [digit(label, 0.98, box=[0.4, top, 0.5, top + 0.2]) for label, top in (("8", 0.1), ("6", 0.4), ("5", 0.7))]
    assert scripts.run("draw/reading.js", ANSWER, [reading(column), 0])["rows"] == ["898%", "698%", "598%"]
    downhill = [digit(label, 0.98, box=[x, x, x + 0.1, x + 0.1]) for label, x in (("8", 0.1), ("6", 0.4), ("5", 0.7))]
    assert scripts.run("draw/reading.js", ANSWER, [reading(downhill), 0])["rows"] == ["898%698%598%"]


@pytest.mark.parametrize(("count", "crowded"), [(8, False), (9, True)])
def test_beside_many_digits_how_sure_each_is_finds_no_place(scripts: Scripts, count: int, crowded: bool) -> None:
    row = [digit("2", 0.98, box=[0.1 * i, 0.4, 0.1 * i + 0.05, 0.5]) for i in range(count)]
    assert scripts.run("draw/reading.js", ANSWER, [reading(row), 0])["crowded"] == crowded


@pytest.mark.parametrize(
    ("corners", "crowded"),
    [
        ([(0.1, 0.4), (0.3, 0.4), (0.5, 0.4)], False),
        ([(0.1, 0.4), (0.3, 0.4), (0.47, 0.4)], True),  # the tag of the second would cover the third's
        ([(0.1, 0.2), (0.12, 0.4), (0.5, 0.4)], False),
        ([(0.1, 0.2), (0.12, 0.25)], True),
        ([(0.1 + 0.2 * (i % 4), 0.1 + 0.2 * (i // 4)) for i in range(16)], False),
    ],
)
def test_tags_lose_their_percents_where_they_would_cover_one_another(
    scripts: Scripts, corners: list[tuple[float, float]], crowded: bool
) -> None:
    found = reading([digit("2", 0.98, box=[x, y, x + 0.05, y + 0.1]) for x, y in corners])
    code = "return m.boxesOf(given, 0, false).map(({ className }) => className.includes('crowded'))"
    assert scripts.run("draw/reading.js", code, found) == [crowded] * len(corners)


def test_a_number_is_read_from_left_to_right(scripts: Scripts) -> None:
    shown = scripts.run("draw/reading.js", ANSWER, [reading(TWENTY), 1])
    assert (shown["label"], shown["large"]) == ("20", "298%055%")
    assert shown["pressed"] == ["055%"]
    assert shown["sentence"] == "Digit 2 of 2: unsure: 0 or 5?"
    assert shown["best"] == ["0"]
    touching = reading([TWENTY[0] | {"touching": True}, TWENTY[1]])
    assert "leave a gap" in scripts.run("draw/reading.js", ANSWER, [touching, 0])["sentence"]
    assert "leave a gap" not in scripts.run("draw/reading.js", ANSWER, [touching, 1])["sentence"]


def test_no_digit_has_no_name_but_a_closest_one(scripts: Scripts) -> None:
    shown = scripts.run("draw/reading.js", ANSWER, [reading([SCRIBBLE]), 0, {"certain": False}])
    assert (shown["label"], shown["large"], shown["best"]) == ("", "?", ["none"])
    assert shown["sentence"] == "Not a digit, I think. Most like 5. It is a digit"
    assert "none 88%" in shown["spoken"]
    assert scripts.run("draw/reading.js", ANSWER, [reading([SCRIBBLE]), 0, {"certain": True}])["pressed"] == [
        "It is a digit"
    ]


@pytest.mark.parametrize("one", [SCRIBBLE, digit("2", 0.6, "unsure"), digit("2", 0.9, "unsure", touching=True)])
def test_doubts_wait_for_the_pen_to_go_up(scripts: Scripts, one: dict[str, Any]) -> None:
    drawing = {"certain": False, "drawing": True}
    shown = scripts.run("draw/reading.js", ANSWER, [reading([one]), 0, drawing])
    assert (shown["sentence"], shown["pressed"]) == ("Drawing…", [])
    sure = [reading([digit("2", 0.98)]), 0, {"drawing": True}]
    assert scripts.run("draw/reading.js", ANSWER, sure)["sentence"] == "98.0% sure"
    assert scripts.run("draw/reading.js", "return m.boxesOf(...given).length", [reading([one, one]), 0, True]) == 0


@pytest.mark.parametrize("touching", [False, True])
@pytest.mark.parametrize(
    "one", [SCRIBBLE, digit("5", 0.47, "not_digit"), TWENTY[0], digit("3", 0.0, "blank", probs={"3": 0.0})]
)
def test_a_doubt_is_left_out_as_the_server_leaves_it_out(scripts: Scripts, one: dict[str, Any], touching: bool) -> None:
    if touching and one["verdict"] == "sure":
        one = one | {"verdict": "unsure"}  # as digits that touch are
    nothing = Preprocessed((), torch.empty(0))
    prediction = DigitPrediction(
        one["label"], one["confidence"], one["probs"], one["verdict"], nothing, {}, one["p_not_digit"]
    )
    found = FoundDigit((0.0, 0.0, 1.0, 1.0), prediction, touching).without_doubt()
    expected = asdict(facts.digit(found, True)) | {"box": one["box"]}
    code = "return m.withoutDoubt(...given)"
    assert scripts.run("draw/reading.js", code, [one | {"touching": touching}, UNSURE_BELOW]) == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [(None, 0), ([0.7, 0.5], 1), ([0.2, 0.9], 0), ([0.51, 0.5], 1), ([1, 1], 1), ([0.25, 0.5], 0)],
)
def test_the_digit_under_the_pen_is_meant(scripts: Scripts, place: list[float] | None, expected: int) -> None:
    assert scripts.run("draw/reading.js", "return m.nearest(...given)", [TWENTY, place]) == expected


def test_boxes_lie_where_the_digits_are(scripts: Scripts) -> None:
    code = """
        return m.boxesOf(...given).map(({ className, textContent, style }) =>
            [className, textContent, style.left, style.top, style.width, style.height]);
    """
    assert scripts.run("draw/reading.js", code, [reading(TWENTY), 0]) == [
        ["box sure chosen", "2 98%", "10%", "30%", "30%", "40%"],
        ["box unsure high", "0 55%", "60%", "5%", "30%", "65%"],
    ]
    assert scripts.run("draw/reading.js", code, [reading(TWENTY[:1]), 0]) == []
    ((kind, told, *_),) = scripts.run("draw/reading.js", code, [reading([SCRIBBLE | {"touching": True}]), 0])
    assert (kind, told) == ("box not_digit chosen touching", "? none")


def test_signs_stand_among_the_digits_and_what_is_printed_is_left_out(scripts: Scripts) -> None:
    lines = [{"kind": "line", "before": 2, "box": [0.1, 0.8, 0.9, 0.82]}] * 2
    minus = {"kind": "minus", "before": 0, "box": [0.0, 0.5, 0.05, 0.55]}
    point = {"kind": "point", "before": 1, "box": [0.45, 0.65, 0.5, 0.7]}
    shown = scripts.run("draw/reading.js", ANSWER, [reading(TWENTY, minus, point, *lines), 0])
    assert (shown["label"], shown["large"]) == ("−2.0", "−298%.055%")
    assert shown["sentence"] == "Digit 1 of 2: 98.0% sure. Left out: lines."
    alone = scripts.run("draw/reading.js", ANSWER, [reading(TWENTY[:1], lines[0] | {"kind": "box"}), 0])
    assert (alone["label"], alone["large"]) == ("2", "2")
    assert alone["sentence"] == "98.0% sure. Left out: a box."
    signed = scripts.run("draw/reading.js", ANSWER, [reading(TWENTY[:1], minus), 0])
    assert (signed["label"], signed["large"]) == ("−2", "−298%")
    plus, times = [{"kind": kind, "before": 1, "box": [0.45, 0.4, 0.5, 0.5]} for kind in ("plus", "times")]
    equals = {"kind": "equals", "before": 2, "box": [0.95, 0.4, 1.0, 0.5]}
    for sign, said in ((plus, "2+0="), (times, "2×0=")):
        assert scripts.run("draw/reading.js", ANSWER, [reading(TWENTY, sign, equals), 0])["label"] == said
    code = "return m.boxesOf(...given).map(({ className }) => className)"
    assert scripts.run("draw/reading.js", code, [reading(TWENTY[:1], point), 0]) == ["box mark point"]


@pytest.mark.parametrize("lean", [-0.1, -0.03, 0, 0.02, 0.07])  # rows to a column
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (3, 3), (2, 5)])
def test_printed_boxes_are_the_servers(scripts: Scripts, lean: float, rows: int, columns: int) -> None:
    upright = np.zeros((rows * 40 + 2, columns * 40 + 2), bool)
    for i in range(2):
        upright[i::40], upright[:, i::40] = True, True
    for top, left in itertools.product(range(rows), range(columns)):
        upright[40 * top + 8 : 40 * top + 33, 40 * left + 18 : 40 * left + 22] = True
    y, x = np.nonzero(upright)
    y, x = y + np.rint(lean * x).astype(int), x - np.rint(lean * y).astype(int)
    mask = np.zeros((np.ptp(y) + 1, np.ptp(x) + 1), bool)
    mask[y - y.min(), x - x.min()] = True
    expected = printed_box(mask, mask)
    code = """
        const mask = { ...given, data: Uint8Array.from(given.data) };
        return Array.from(m.printedBox(mask, mask)?.data ?? []);
    """
    shape = {"width": mask.shape[1], "height": mask.shape[0]}
    found = scripts.run("shared/printed.js", code, shape | {"data": mask.ravel().astype(int).tolist()})
    assert expected is not None
    assert found == expected.ravel().astype(int).tolist()


def test_an_empty_pad_has_the_bars_that_answers_will_have(scripts: Scripts) -> None:
    code = """
        const made = m.emptyAnswer(...given);
        const count = (selector) => made.querySelectorAll(selector).length;
        return [made.dataset.label, made.textContent, count(".bar"), count("b")];
    """
    label, told, bars, markup = scripts.run("draw/reading.js", code, [["<b>", "2"], True])
    assert (label, bars, markup) == ("", 3, 0)
    assert "Draw something" in told
    assert scripts.run("draw/reading.js", code, [["1", "2"], False])[2] == 2


def test_what_another_network_reads_is_told_in_small(scripts: Scripts) -> None:
    code = "const made = m.besideOf(given); return [made.dataset.label, made.textContent]"
    beside = {"caption": {"template": "LeNet, modern", "values": {}}, "accuracy": 0.9951, **reading(TWENTY)}
    assert scripts.run("draw/reading.js", code, beside) == [
        "20",
        "20LeNet, modern: 99.5% of its test pictures right98%, 55%",
    ]
    unmeasured = beside | {"accuracy": None, "digits": TWENTY[:1]}
    assert scripts.run("draw/reading.js", code, unmeasured) == ["2", "2LeNet, modern98.0% sure"]

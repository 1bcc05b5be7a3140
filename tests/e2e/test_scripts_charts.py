"""The scripts' pure functions: charts, colours and maps of layers."""

from __future__ import annotations

import base64
import itertools

import pytest
from playwright.sync_api import Error as BrowserError

from tests.e2e.conftest import Scripts

# --- charts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 100, 5, [0, 20, 40, 60, 80, 100]),
        (90, 100, 5, [90, 92, 94, 96, 98, 100]),
        (0, 2.5, 5, [0, 0.5, 1, 1.5, 2, 2.5]),
        (0, 1, 2, [0, 0.5, 1]),
        (-1, 1, 4, [-1, -0.5, 0, 0.5, 1]),
        (3, 12, 3, [5, 10]),
    ],
)
def test_ticks_are_round_numbers(scripts: Scripts, low: float, high: float, count: int, expected: list[float]) -> None:
    found = scripts.run("shared/charts.js", "return m.ticks(...given)", [low, high, count])
    assert found == pytest.approx(expected)


def test_ticks_have_no_negative_zero(scripts: Scripts) -> None:
    assert scripts.run("shared/charts.js", "return m.ticks(-1, 1, 4).some((tick) => Object.is(tick, -0))") is False


@pytest.mark.parametrize(
    ("value", "expected"),
    [(2.4, 2.5), (2.5, 2.5), (2.6, 3), (0.07, 0.08), (9.1, 10), (10, 10), (11, 15), (1e-3, 1e-3)],
)
def test_a_roof_is_the_next_round_number_above(scripts: Scripts, value: float, expected: float) -> None:
    assert scripts.run("shared/charts.js", "return m.roof(given)", value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("high", "said"),
    [
        (2.5, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]),
        (8000, ["0.0", "2000.0", "4000.0", "6000.0", "8000.0"]),
        (50_000, ["0", "10k", "20k", "30k", "40k", "50k"]),
        (2.5e6, ["0", "500k", "1.00M", "1.50M", "2.00M", "2.50M"]),
        (4e20, ["0", "1e20", "2e20", "3e20", "4e20"]),
    ],
)
def test_numbers_at_an_axis_are_short(scripts: Scripts, high: float, said: list[str]) -> None:
    code = "return m.ticks(0, given, 5).map((value) => m.tickIn(value, given, () => 1))"
    assert scripts.run("shared/charts.js", code, high) == said


def test_a_chart_scales_its_numbers_to_its_canvas(scripts: Scripts) -> None:
    code = """
        const frame = m.frameOf({ clientWidth: 464, clientHeight: 250 }, { low: 0, high: 100, epochs: 8 });
        return [frame.x(0), frame.x(8), frame.x(2), frame.y(0), frame.y(100), frame.y(50), frame.y(120)];
    """
    assert scripts.run("shared/charts.js", code) == [50, 450, 150, 212, 12, 112, 12]  # what is above the top is cut off


def test_the_nearest_point_is_found(scripts: Scripts) -> None:
    points = [[0.5, 1], [1, 2], [2.1, 3]]
    assert scripts.run("shared/charts.js", "return [0, 0.8, 1.5, 9].map((at) => m.nearest(given, at))", points) == [
        points[0],
        points[1],
        points[1],
        points[2],
    ]
    assert scripts.run("shared/charts.js", "return m.nearest([], 1)") is None


def test_a_dot_at_the_end_of_a_line_is_whole(scripts: Scripts) -> None:
    code = """
      const canvas = document.createElement("canvas");
      canvas.style.cssText = "width: 400px; height: 200px";
      document.body.append(canvas);
      const line = { colour: "#ff0000", raw: [], train: [], val: [[1, 1], [2, 10]], best: null, chosen: true };
      const axes = { low: 0, high: 10, epochs: 2, xName: "", yName: "", decimals: String };
      const frame = m.drawChart(canvas, [line], axes, null);
      const dots = canvas.width / frame.wide;
      const pen = canvas.getContext("2d");
      const red = (x, y) => pen.getImageData(Math.round(x * dots), Math.round(y * dots), 1, 1).data[0] > 200;
      canvas.remove();
      return [red(frame.right + 2, frame.top), red(frame.right, frame.top - 3)];
    """
    assert scripts.run("shared/charts.js", code) == [True, True]


def test_a_line_grows_by_what_is_new_or_begins_anew_when_the_server_thinned_it(scripts: Scripts) -> None:
    code = "return m.joinLine(given.old, given.fresh)"
    old = {"merged": 1, "points": [[1, 0.5], [2, 0.4], [3, 0.3]]}
    grown = {"merged": 1, "first": 2, "points": [[3, 0.31], [4, 0.2]]}
    assert scripts.run("shared/charts.js", code, {"old": old, "fresh": grown}) == {
        "merged": 1,
        "points": [[1, 0.5], [2, 0.4], [3, 0.31], [4, 0.2]],
    }
    thinned = {"merged": 2, "first": 0, "points": [[1.5, 0.45], [3.5, 0.25]]}
    assert scripts.run("shared/charts.js", code, {"old": old, "fresh": thinned}) == {
        "merged": 2,
        "points": thinned["points"],
    }
    assert scripts.run("shared/charts.js", code, {"old": None, "fresh": thinned})["points"] == thinned["points"]


# --- colours and packed maps -------------------------------------------------------------------------------


def test_bytes_come_out_as_they_were_packed(scripts: Scripts) -> None:
    sent = base64.b64encode(bytes(range(256))).decode()
    assert scripts.run("shared/colours.js", "return [...m.unpack(given)]", sent) == list(range(256))
    assert scripts.run("shared/colours.js", "return [...m.unpack('')]") == []


def test_colours_are_read(scripts: Scripts) -> None:
    assert scripts.run("shared/colours.js", "return [' #0a0BfF', '#ffffff'].map(m.rgb)") == [
        [10, 11, 255],
        [255, 255, 255],
    ]


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "rgb(1 2 3)"])
def test_what_is_no_colour_is_refused(scripts: Scripts, text: str) -> None:
    with pytest.raises(BrowserError, match="is not a colour of the form #rrggbb"):
        scripts.run("shared/colours.js", "return m.rgb(given)", text)


def test_ramps_go_from_stop_to_stop(scripts: Scripts) -> None:
    code = "return [0, 0.25, 0.5, 1].map((part) => m.along([[0, 0, 0], [100, 50, 0], [100, 250, 0]], part))"
    assert scripts.run("shared/colours.js", code) == [[0, 0, 0], [50, 25, 0], [100, 50, 0], [100, 250, 0]]


def test_maps_are_painted_by_tables(scripts: Scripts) -> None:
    code = """
        const [zero, plus, minus] = [[9, 9, 9], [[1, 2, 3], [255, 0, 0]], [[4, 5, 6], [0, 0, 255]]];
        const { signed, unsigned } = m.tables({ zero, plus, minus });
        const bytes = (colour) => [...new Uint8Array(Int32Array.of(colour).buffer)];
        return [signed[1], signed[128], signed[255], unsigned[0], unsigned[255], signed[0]].map(bytes);
    """
    blue, zero, red = [0, 0, 255, 255], [9, 9, 9, 255], [255, 0, 0, 255]
    assert scripts.run("shared/colours.js", code) == [blue, zero, red, zero, red, blue]


def test_light_and_dark_have_ramps_of_their_own(scripts: Scripts) -> None:
    code = """
        const light = m.theme();
        document.body.classList.add("dark");
        const dark = m.theme();
        document.body.classList.remove("dark");
        const some = ({ zero, plus, strong }) => [zero, plus[2], strong.minus];
        return { light: some(light), dark: some(dark), same: m.theme() === light };
    """
    assert scripts.run("shared/colours.js", code) == {
        "light": [[246, 247, 249], [214, 92, 36], [28, 98, 180]],
        "dark": [[30, 36, 48], [242, 140, 70], [92, 164, 255]],
        "same": True,
    }


@pytest.mark.parametrize("shape", [[6, 24, 24], [16, 8, 8], [32, 5, 7], [120], [10]])
@pytest.mark.parametrize("width", [320, 700])
@pytest.mark.parametrize("dots", [1, 2.625])
def test_cells_of_a_layer_lie_side_by_side(scripts: Scripts, shape: list[int], width: int, dots: float) -> None:
    code = """
        const grid = m.arrange({ shape: given.shape }, given.width, given.dots);
        return { ...grid, places: Array.from({ length: grid.count }, (_, cell) => m.placeOf(grid, cell)) };
    """
    grid = scripts.run("shared/layers.js", code, {"shape": shape, "width": width, "dots": dots})
    assert len(grid["places"]) == shape[0]
    rows: dict[float, list[list[float]]] = {}
    for place in grid["places"]:
        rows.setdefault(place[1], []).append(place)
    for row in rows.values():
        assert len(row) <= grid["columns"]
        for (left, _, wide, high), (following, *_) in itertools.pairwise(row):
            assert wide > 0
            assert high > 0
            assert left + wide + grid["gap"] == following
        assert row[-1][0] + row[-1][2] <= width * dots + 1
    tops = sorted(rows)
    assert all(low - high == pytest.approx(grid["high"]) for high, low in itertools.pairwise(tops))

"""The scripts' pure functions: reports, what a network says of a photo, and a visitor's photos."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lenet.data.datasets import CIFAR10_CLASSES
from lenet.preprocessing.images import is_plain
from tests.e2e.conftest import Scripts

# --- a report ------------------------------------------------------------------------------------------------


def about_network(**changes: Any) -> dict[str, Any]:
    """An AboutNetwork of messages.py, all of whose texts are a stranger's."""
    template = {"template": HOSTILE, "values": {}}
    return {
        **{"title": HOSTILE, "about": template, "classes": [HOSTILE, "cat"], "accuracy": 0.75},
        **{"confusion": [[3, 1], [0, 0]], "parameters": 12_000, "multiply_adds": 34_000},
        "bins": [{"count": 0, "confidence": 0.0, "accuracy": 0.0}, {"count": 4, "confidence": 0.7, "accuracy": 0.75}],
        "calibration_error": 0.05,
        "layers": [
            {
                "name": HOSTILE,
                "part": False,
                "kind": HOSTILE,
                "shape": [6, 28, 28],
                "parameters": 9,
                "multiply_adds": 0,
            },
            {"name": "0", "part": True, "kind": "ReLU", "shape": [84], "parameters": 0, "multiply_adds": 1200},
        ],
        "recipe": [{"key": "fact_source", "said": template}],
        "command": f"python train.py {HOSTILE}",
        "files": [{"kind": "weights", "suffix": ".safetensors", "bytes": 283_712}],
        **{"sample": 25, "mistakes": 15, "few": 20},
        **changes,
    }


def test_what_is_known_of_a_network_is_shown_and_all_of_it_is_text(scripts: Scripts) -> None:
    code = f"""
        const shown = m.about(given);
        {SHOWN}
        return {{ title: texts("h2"), lead: texts(".lead"), numbers: texts(".numbers dd"),
            layers: texts(".layers tbody td"), sums: texts("tfoot td"), recipe: texts(".recipe dd"),
            files: texts("[data-keep]"),
            gaps: texts(".gap").length,
            squares: texts(".matrix td[data-cell]"), classes: texts(".bars .bar"), images: texts("img").length,
            stop: texts('[tabindex="0"]:not(.term)').length, inside: texts(".over label").length }};
    """
    shown = scripts.run("report/figures.js", code, about_network())
    assert shown["title"] == [HOSTILE]
    assert shown["lead"] == [f"{HOSTILE}."]
    assert shown["numbers"] == ["75.00%", "1 of 4", "5.0%"]
    assert shown["layers"] == [HOSTILE, "6×28×28", "9", "·", "ReLU", "84", "·", "1,200"]
    assert shown["sums"] == ["12,000", "34,000"]
    assert shown["recipe"] == [HOSTILE, f"python train.py {HOSTILE}"]
    assert shown["files"] == ["Weights .safetensors, 284 kB"]
    assert shown["squares"] == ["3", "1", "", ""]  # nothing in place of a zero
    assert shown["classes"] == [f"{HOSTILE}75.0%"]  # a class without pictures has no accuracy
    assert (shown["gaps"], shown["images"], shown["inside"]) == (25 + 15, 0, 1)
    assert shown["stop"] == 2  # one square, and the table that scrolls
    marked = about_network(about={"template": "what `photos` begins with.", "values": {}})
    assert scripts.run("report/figures.js", code, marked)["lead"] == ["What photos begins with."]
    nothing = about_network(confusion=[], accuracy=None, bins=[], calibration_error=None)
    unmeasured = scripts.run("report/figures.js", code, nothing)
    assert unmeasured["numbers"] == ["–"] * 3
    assert unmeasured["squares"] == []


def test_squares_are_shaded_by_the_row_and_errors_by_the_commonest(scripts: Scripts) -> None:
    assert scripts.run("report/figures.js", "return m.shades(given)", [[3, 1], [4, 0]]) == [[0.75, 0.5], [1, 0]]
    assert scripts.run("report/figures.js", "return m.shades(given)", [[0, 0], [0, 0]]) == [[0, 0], [0, 0]]


@pytest.mark.parametrize(("names", "room"), [(["0", "9"], False), (["cat"], True), (["猫"], False), (["汽车"], True)])
def test_long_names_get_room(scripts: Scripts, names: list[str], room: bool) -> None:
    assert scripts.run("report/figures.js", "return m.needRoom(given)", names) is room


def answered(answer: int, confidence: float = 0.9) -> dict[str, Any]:
    """An AnsweredPicture of messages.py that shows class 0."""
    image = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="
    return {"position": 7, "label": 0, "answer": answer, "confidence": confidence, "image": image}


def test_a_picture_says_predicted_and_true(scripts: Scripts) -> None:
    code = f"""
        const shown = m.cards(given, ["{HOSTILE}", "cat"], 5);
        {SHOWN}
        return [texts(".card"), [...line.querySelectorAll(".card img")].map(({{ alt }}) => alt), texts(".gap").length,
            texts(".right, .wrong").length, line.querySelectorAll("img").length];
    """
    said, alts, gaps, kinds, images = scripts.run("report/figures.js", code, [answered(0), answered(1, 0.5)])
    assert said == [f"✓ {HOSTILE} ({HOSTILE})90%", f"✗ cat ({HOSTILE})50%"]
    assert alts == [f"Test picture 7: {HOSTILE} ({HOSTILE}), right", f"Test picture 7: cat ({HOSTILE}), wrong"]
    assert (gaps, kinds, images) == (3, 2, 2)


@pytest.mark.parametrize(
    ("cell", "found", "first", "shown", "said"),
    [
        (None, 10_000, 0, 25, "Some of the 10,000 test pictures, drawn at random (seed 3)."),
        ([0, 1], 137, 25, 25, "<i> called cat: 26 to 50 of 137, the most confident answer first."),
        ([0, 1], 7, 0, 7, "<i> called cat: 7, the most confident answer first."),
        ([0, 1], 0, 0, 0, "<i> called cat: no test picture here."),
    ],
)
def test_which_pictures_they_are_is_said(
    scripts: Scripts, cell: list[int] | None, found: int, first: int, shown: int, said: str
) -> None:
    pictures = {"found": found, "first": first, "pictures": [answered(1)] * shown}
    code = "return m.whichPictures(given.pictures, ['<i>', 'cat'], given.cell, 3).textContent"
    assert scripts.run("report/figures.js", code, {"pictures": pictures, "cell": cell}).startswith(said)


def test_the_calibration_plot_has_bars_to_scale_axis_names_and_words(scripts: Scripts) -> None:
    code = f"""
        const shown = m.calibration(given, 20);
        {SHOWN}
        const heights = [...line.querySelectorAll("rect")].map((bar) => Number(bar.getAttribute("height")));
        return {{ heights, kinds: [...line.querySelectorAll(".bin")].map((bin) => bin.getAttribute("class")),
            said: line.querySelector("svg").ariaLabel, titles: texts("title"), names: texts(".axis") }};
    """
    bins = [(0, 0.0, 0.0), (40, 0.75, 0.5), (3, 0.9, 1.0)]
    given = [{"count": count, "confidence": sure, "accuracy": right} for count, sure, right in bins]
    plot = scripts.run("report/figures.js", code, given)
    assert plot["heights"] == pytest.approx([0.5 * 228, 0.25 * 228, 0.9 * 228, 0.1 * 228], abs=0.06)
    assert plot["kinds"] == ["bin", "bin few"]
    assert plot["titles"] == ["75% sure: 50% right of 40 pictures", "90% sure: 100% right of 3 pictures"]
    assert plot["said"] == f"Calibration plot. {'; '.join(plot['titles'])}"
    assert plot["names"] == ["how sure the network is", "how often it is right"]
    assert "still without answers" in scripts.run("report/figures.js", code, [])["said"]


def test_a_square_of_the_matrix_names_its_row_and_column(scripts: Scripts) -> None:
    assert scripts.run("report/view.js", "return m.cellOf({ dataset: { cell: '3,10' } })") == [3, 10]


HOSTILE = "<img src=x onerror=window.hacked=1>"


def photo_answer(verdict: str, crops: int = 0, **probs: float) -> dict[str, Any]:
    """A PhotoAnswer of messages.py."""
    label = max(probs, key=probs.__getitem__)
    crop = {"box": [0.25, 0, 0.75, 1], "label": label, "confidence": 0.8, "weight": 0.3}
    shown = [crop | {"mirrored": False, "padded": False}, crop | {"mirrored": True, "padded": True}] * (crops // 2)
    return {
        "label": label,
        "confidence": probs[label],
        "verdict": verdict,
        "probs": probs,
        "ood_score": 0.1,
        "crops": shown,
    }


@pytest.mark.parametrize(
    ("answer", "english", "chinese"),
    [
        (photo_answer("sure", cat=0.97, dog=0.03), "I think this is a cat: 97% sure", "我认为这是猫"),
        (photo_answer("sure", automobile=0.999, dog=0.001), "I think this is an automobile: over 99% sure", "汽车"),
        (photo_answer("unsure", dog=0.35, airplane=0.2, cat=0.45), "A cat or a dog?", "猫"),
        (photo_answer("unknown", cat=0.41, dog=0.2), "None of my ten classes, I think. Closest: cat (41%)", "猫"),
    ],
)
def test_what_a_network_would_say_of_a_photo(
    scripts: Scripts, answer: dict[str, Any], english: str, chinese: str
) -> None:
    code = """
        const { chooseLanguage } = await import("./shared/language.js");
        const [answer, known] = given;
        const before = m.sentence(answer, known);
        chooseLanguage("zh");
        const after = m.sentence(answer, known);
        chooseLanguage("en");
        return [before, after];
    """
    said, translated = scripts.run("photo/figures.js", code, [answer, CIFAR10_CLASSES])
    assert said == english
    assert chinese in translated
    assert not [name for name in answer["probs"] if name in translated]


def test_what_a_visitor_has_named_stands_as_they_wrote_it(scripts: Scripts) -> None:
    code = """
        const known = ["cat"];
        const card = (answer) => m.cardSaid({ answer, milliseconds: 1 }, known)[0].textContent;
        return given.flatMap((answer) => [m.sentence(answer, known), card(answer)]);
    """
    given = [photo_answer("sure", Ann=0.97, Bo=0.03), photo_answer("unknown", Ann=0.4, Bo=0.2)]
    assert scripts.run("photo/figures.js", code, given) == [
        "I think this is Ann: 97% sure",
        "Ann 97%",
        "None of my classes, I think. Closest: Ann (40%)",
        "none of these",
    ]


SHOWN = """
    const line = document.createElement("div");
    line.append(...[shown].flat());
    const texts = (selector) => [...line.querySelectorAll(selector)].map((place) => place.textContent);
"""


def test_a_card_says_the_answer_and_the_likeliest(scripts: Scripts) -> None:
    code = f"""
        const shown = m.cardSaid({{ answer: given, milliseconds: 3.14159 }}, {[*CIFAR10_CLASSES]});
        {SHOWN}
        return [texts(".named"), texts(".took"), texts(".bar .name"), texts(".bar.best .percent")];
    """
    sure = photo_answer("sure", frog=0.05, cat=0.9, dog=0.03, ship=0.02)
    assert scripts.run("photo/figures.js", code, sure) == [["cat 90%"], ["3.1 ms"], ["cat", "frog", "dog"], ["90%"]]
    unsure = photo_answer("unsure", cat=0.5, dog=0.3, ship=0.2)
    assert scripts.run("photo/figures.js", code, unsure)[0] == ["cat? 50%"]
    unknown = photo_answer("unknown", cat=0.41, dog=0.2, ship=0.1)
    assert scripts.run("photo/figures.js", code, unknown)[::3] == [["none of the ten"], []]


def test_a_large_answer_names_none_of_the_classes_where_it_is_none(scripts: Scripts) -> None:
    code = """
        const { dataset, firstChild, lastChild } = m.large(given, undefined, ["cat", "dog"]);
        return [dataset.label, firstChild.textContent, lastChild.ariaLabel];
    """
    sure = scripts.run("photo/figures.js", code, photo_answer("sure", cat=0.9, dog=0.1))
    assert sure[:2] == ["cat", "cat"]
    assert sure[2].endswith("cat 90%, dog 10%")
    assert scripts.run("photo/figures.js", code, photo_answer("unknown", cat=0.4, dog=0.2))[:2] == ["", "?"]


def test_a_networks_card_says_what_it_costs(scripts: Scripts) -> None:
    code = f"const shown = m.card(given); {SHOWN} return [texts('.title'), texts('.facts'), line.querySelector('img')]"
    card = {"key": HOSTILE, "caption": HOSTILE, "parameters": 62_006}
    assert scripts.run("photo/figures.js", code, card | {"accuracy": 0.756}) == [
        [HOSTILE],
        ["62k parameters, test 75.6%"],
        None,
    ]
    assert scripts.run("photo/figures.js", code, card | {"accuracy": None})[1] == ["62k parameters"]


def test_crops_say_where_and_how_much(scripts: Scripts) -> None:
    code = f"""
        const shown = m.crops(given.crops, {{ width: 800, height: 400 }});
        {SHOWN}
        const cuts = [...line.querySelectorAll("i")];
        return {{ hint: texts(".hint"), shown: texts("figcaption"), said: cuts.map((cut) => cut.ariaLabel),
            mirrored: line.querySelectorAll(".mirrored").length, size: cuts[0]?.style.backgroundSize }};
    """
    found = scripts.run("photo/figures.js", code, photo_answer("unsure", 2, cat=0.6, dog=0.4))
    assert found["hint"][0].startswith("2 views averaged, because one look did not settle it.")
    assert found["shown"] == ["cat 80%counts 30%"] * 2
    assert found["said"] == ["cat 80%", "whole, mirrored, cat 80%"]
    assert (found["mirrored"], found["size"]) == (1, "200% 100%")
    one = scripts.run("photo/figures.js", code, photo_answer("sure", cat=1.0))
    assert one["hint"][0].startswith("One look was enough")
    assert one["shown"] == []
    cut = "return m.cut([0.25, 0, 0.75, 1], { width: 800, height: 400 })"
    assert scripts.run("photo/figures.js", cut) == {
        "aspectRatio": "400/400",
        "backgroundSize": "200.00% 100.00%",
        "backgroundPosition": "50.00% 0.00%",
    }


def test_a_class_is_text_wherever_a_photo_is_named(scripts: Scripts) -> None:
    code = f"""
        const network = {{ key: "own-1", caption: "x", accuracy: null, classes: [given.label] }};
        const card = m.cardSaid({{ answer: given, milliseconds: 20 }}, []);
        const shown = [m.large(given, network, []), ...card, m.empty(network),
            ...m.crops(given.crops, {{ width: 8, height: 4 }})];
        {SHOWN}
        const named = texts("b, .name, .label, .sentence").filter((text) => text.includes("<img"));
        return [line.querySelectorAll("img").length, named.length];
    """
    images, named = scripts.run("photo/figures.js", code, photo_answer("sure", 2, **{HOSTILE: 1.0}))
    assert images == 0
    assert named == 8  # large, sentence, bars of three panels, card, two crops


def test_who_comes_late_hears_of_the_newest_answer(scripts: Scripts) -> None:
    code = """
        const [early, late] = [[], []];
        m.onAnswer((question) => early.push(question));
        m.answered({ photo: 1 });
        m.answered({ photo: 2 });
        m.onAnswer((question) => late.push(question.photo));
        m.answered({ photo: 3 });
        return [early.map(({ photo }) => photo), late];
    """
    assert scripts.run("photo/answer.js", code) == [[1, 2, 3], [2, 3]]


# --- a visitor's photos --------------------------------------------------------------------------------------


def test_a_jpeg_loses_what_stands_beside_its_picture(scripts: Scripts) -> None:
    picture = Image.radial_gradient("L").resize((160, 90)).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "a person's name"
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif, icc_profile=bytes(3000), comment="a place")
    assert not is_plain(buffer.getvalue())
    found = bytes(scripts.run("teach/pictures.js", "return [...m.bare(new Uint8Array(given))]", [*buffer.getvalue()]))
    assert is_plain(found)
    with Image.open(io.BytesIO(found)) as bare, Image.open(buffer) as whole:
        assert np.array_equal(np.asarray(bare), np.asarray(whole))


def test_classes_of_a_file_are_refused_where_they_hold_anything_else(scripts: Scripts) -> None:
    code = """
        const limits = { classes: 10, examples: 30, name: 20, photo_bytes: 40000 };
        return m.soundClasses(given.kind, given.classes, limits);
    """

    def sound(kind: str, classes: Any) -> Any:
        return scripts.run("teach/store.js", code, {"kind": kind, "classes": classes})

    photo = base64.b64encode(b"\xff\xd8\xff" + bytes(9)).decode()
    drawing = base64.b64encode(bytes(784)).decode()
    of_drawings, of_photos = [{"name": "A", "examples": [drawing]}], [{"name": "B", "examples": [photo]}]
    assert sound("drawings", [of_drawings[0] | {"more": 1}]) == of_drawings
    assert sound("photos", of_photos) == of_photos
    assert sound("drawings", of_photos) is None
    for bad in (of_drawings, [{"name": "B", "examples": ["<svg>"]}], of_photos * 11, "B", [None]):
        assert sound("photos", bad) is None


def test_one_file_holds_what_all_parts_hold(scripts: Scripts) -> None:
    code = """
        const taken = {};
        const part = (name) => ({
            held: () => [name],
            sound: (value) => (Array.isArray(value) ? value : null),
            take: (value) => (taken[name] = value),
            clear: () => (taken[name] = "cleared"),
            restore: () => (taken[name] = "restored"),
        });
        for (const name of ["drawings", "photos", "corrections"]) await m.join(name, part(name));
        return { content: JSON.parse(await m.content()), opened: await m.open(new Blob([given])), taken };
    """
    whole: dict[str, Any] = {"kind": "lenet-own", "format": 1}
    whole |= {name: [name] for name in ("drawings", "photos", "corrections")}
    found = scripts.run("shared/own.js", code, json.dumps(whole | {"drawings": [1], "photos": []}))
    assert (found["content"], found["opened"]) == (whole, True)
    assert found["taken"] == {"drawings": [1], "corrections": ["corrections"]}  # of what the file lacks nothing changes
    others: list[Any] = [whole | {"photos": 7}, whole | {"kind": "x"}, whole | {"format": 2}, [], None]
    for bad in others:
        found = scripts.run("shared/own.js", code, json.dumps(bad))
        assert (found["opened"], found["taken"]) == (False, {})

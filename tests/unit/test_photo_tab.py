"""What the Photo tab is made of, without a server."""

from __future__ import annotations

import base64
import io
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet.data.datasets import CIFAR10_CLASSES, FASHION_CLASSES
from lenet.errors import FetchError
from lenet.inference.photos import Crop, PhotoClassifier, PhotoPrediction, Verdict
from lenet.inference.pretrained import load
from lenet.training.stored import WEIGHTS
from lenet.ui.photo import figures as photo_figures
from lenet.ui.photo import tab as photo
from lenet.ui.photo import texts as photo_texts
from lenet.ui.server import Server
from lenet.ui.shared import figures, networks, pictures, texts
from lenet.ui.shared.networks import Networks
from lenet.ui.shared.pictures import Pictures

EXAMPLES = Path(photo.__file__).parent / "examples"


def address(image: Image.Image, kind: str = "PNG", **options: object) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def opened(server: Server, name: str = "ship") -> dict:
    return photo.open_photo(server, {"example": name})


def asked(server: Server, reply: dict, **more: object) -> dict:
    return photo.name_photo(server, {"photo": reply["photo"], "network": "photos", "box": None, **more})


# --------------------------------------------------------------------------------------------------
# a photo comes in


def test_a_photo_is_kept_upright_and_small(server: Server) -> None:
    side = Image.new("RGB", (3000, 1500), "red")
    side.paste("blue", (0, 0, 1500, 1500))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    reply = photo.open_photo(server, {"picture": address(side, "JPEG", exif=exif)})
    assert (reply["width"], reply["height"]) == (512, 1024)
    kept = server.pictures.get(reply["photo"])
    assert kept is not None
    assert np.asarray(kept)[100, 256, 2] > 200  # blue was on the left, and stands at the top
    # What is shown, what is kept and what is looked at are the same way up.
    shown = Image.open(io.BytesIO(base64.b64decode(reply["address"].split(",")[1])))
    assert shown.size == kept.size
    assert not shown.getexif()
    named = server.networks.name("photos", reply["photo"], (0.0, 0.0, 1.0, 0.4))
    assert named is not None
    assert named.prediction.preprocessed.stages[-1].image[16, 16, 2] > 200


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({}, "does not understand"),
        ({"picture": 7}, "does not understand"),
        ({"picture": "7"}, "no picture"),
        ({"picture": "data:image/png;base64,AAAA"}, "not a picture"),
        ({"example": "../draw.py"}, "does not understand"),
        ({"example": ["ship"]}, "does not understand"),
        ({"url": "http://127.0.0.1/cat.png"}, "not on the public internet"),
        ({"url": None}, "does not understand"),
        ({"url": ""}, "begin with http"),
        (7, "does not understand"),
    ],
)
def test_what_is_no_photo_gets_a_sentence(server: Server, question: dict, says: str) -> None:
    assert says in photo.open_photo(server, question)["problem"]


def test_a_fetched_picture_is_opened(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "fetch", lambda url: (EXAMPLES / f"{url}.jpg").read_bytes())
    assert photo.open_photo(server, {"url": "ship"})["width"] == 800

    def nobody(url: str) -> bytes:
        raise FetchError("Nobody there.")

    monkeypatch.setattr(pictures, "fetch", nobody)
    assert photo.open_photo(server, {"url": "ship"}) == {"problem": "Nobody there."}


def test_slow_addresses_do_not_hold_the_page(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Semaphore(0), threading.Event()

    def slow(url: str) -> bytes:
        begun.release()
        assert go.wait(10)
        raise FetchError("Too slow.")

    monkeypatch.setattr(pictures, "fetch", slow)
    with ThreadPoolExecutor(pictures.FETCHES) as visitors:
        replies = [visitors.submit(photo.open_photo, server, {"url": "slow"}) for _ in range(pictures.FETCHES)]
        try:
            assert all(begun.acquire(timeout=10) for _ in replies)
            assert "is fetching other pictures" in photo.open_photo(server, {"url": "one more"})["problem"]
        finally:
            go.set()
    assert [reply.result() for reply in replies] == [{"problem": "Too slow."}] * pictures.FETCHES
    assert photo.open_photo(server, {"url": "slow"}) == {"problem": "Too slow."}  # there is room again


def test_kept_photos_are_forgotten_at_last(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.pictures = Pictures(most=3)
    server.networks = Networks(server.downloads, server.pictures)
    first = opened(server)
    for _ in range(3):
        last = opened(server)
    assert asked(server, first) == {"gone": True}
    assert "answer" in asked(server, last)
    later = time.monotonic() + pictures.SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert asked(server, last, box=[0, 0, 0.5, 0.5]) == {"gone": True}
    assert len(server.pictures._kept) == 0


# --------------------------------------------------------------------------------------------------
# and is named


def test_a_photo_gets_all_that_the_page_shows(server: Server) -> None:
    reply = asked(server, opened(server))
    assert 'data-label="ship"' in reply["answer"]
    assert "I think this is a ship" in reply["answer"]
    assert reply["answer"].count('class="bar') == 10 + 1  # and their frame
    assert reply["card"].count('class="bar') == photo_figures.FIRST + 1
    assert " ms</span>" in reply["card"]
    assert reply["seen"].startswith('<img src="data:image/png')
    assert reply["steps"].count("<figure") == 3
    assert reply["boxes"][0] == pytest.approx([(1 - 450 / 800) / 2, 0, (1 + 450 / 800) / 2, 1], abs=0.01)


def test_the_box_is_what_is_looked_at(server: Server) -> None:
    canvas = Image.new("RGB", (900, 300), "#9ab")
    canvas.paste(Image.open(EXAMPLES / "frog.jpg").resize((300, 300)), (600, 0))
    reply = photo.open_photo(server, {"picture": address(canvas)})
    chosen = asked(server, reply, box=[2 / 3, 0, 1, 1])
    assert 'data-label="frog"' in chosen["answer"]
    assert chosen["boxes"][0] == pytest.approx([2 / 3, 0, 1, 1], abs=0.01)
    assert chosen["seen"] != asked(server, reply, box=[0, 0, 1 / 3, 1])["seen"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"network": "run-guessed"}, "no network called run-guessed here"),
        ({"network": "own-guessed-far!"}, "no network called"),
        ({"network": "own-0123456789ab"}, "no longer keeps"),
        ({"network": "digits"}, "reads digits"),
        ({"network": "digits", "box": [0, 0, 1, 1]}, "reads digits"),
        ({"box": [0, 0, 1]}, "Reload"),
        ({"box": "here"}, "Reload"),
        ({"box": [0, 0, float("nan"), 1]}, "not in the picture"),
        ({"box": [0, 0, 10**400, 1]}, "not in the picture"),
        ({"box": [0.5, 0, 0.4, 1]}, "not in the picture"),
        ({"box": [0, 0, 2, 1]}, "not in the picture"),
    ],
)
def test_wrong_questions_get_a_sentence(server: Server, more: dict, says: str) -> None:
    assert says in asked(server, opened(server), **more)["problem"]


def test_an_answer_is_remembered(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood behind it can then be asked about."""
    reply = opened(server)
    asked(server, reply)
    monkeypatch.setattr(PhotoClassifier, "predict", lambda *_, **__: pytest.fail("a second prediction"))
    named = server.networks.name("photos", reply["photo"], None)
    assert named is not None
    assert named.prediction.activations
    assert named.milliseconds > 0


def test_answers_are_forgotten_at_last(server: Server) -> None:
    reply = opened(server)
    for i in range(networks.NAMED + 3):
        server.networks.name("photos", reply["photo"], (0.0, 0.0, 0.5 + i / 100, 1.0))
    assert len(server.networks._named) == networks.NAMED


# --------------------------------------------------------------------------------------------------
# in words and cards


def said(server: Server, verdict: Verdict, **probs: float) -> PhotoPrediction:
    named = server.networks.name("photos", opened(server)["photo"], None)
    assert named is not None
    label = max(probs, key=probs.__getitem__)
    return replace(named.prediction, label=label, confidence=probs[label], probs=probs, verdict=verdict)


@pytest.mark.parametrize(
    ("prediction", "sentence"),
    [
        (("sure", {"cat": 0.97, "dog": 0.03}), "I think this is a cat: 97% sure"),
        (("sure", {"automobile": 0.999, "dog": 0.001}), "I think this is an automobile: over 99% sure"),
        (("unsure", {"dog": 0.35, "airplane": 0.2, "cat": 0.45}), "A cat or a dog?"),
        (("unknown", {"cat": 0.41, "dog": 0.2}), "None of my ten classes, I think. Closest: cat (41%)"),
    ],
)
def test_sentences(server: Server, prediction: tuple[Verdict, dict[str, float]], sentence: str) -> None:
    assert photo_figures.sentence(said(server, prediction[0], **prediction[1])) == sentence


def test_an_unknown_photo_has_no_name(server: Server) -> None:
    unknown = said(server, "unknown", cat=0.41, dog=0.2, ship=0.1, frog=0.05)
    card = photo_figures.card(unknown, 3.14159)
    assert "<b>none of the ten</b>" in card
    assert "3.1 ms" in card
    assert "bar best" not in card
    assert "frog" not in card
    large = figures.answer(unknown, photo_figures.sentence(unknown))
    assert 'data-label=""><p class="label long">?</p>' in large  # of the same size as a name


def test_cards_show_what_a_network_costs() -> None:
    cards = photo_figures.cards([("a", "<A>", 62_006, 0.756), ("b", "B", 3_912_345, None)], "b")
    assert 'data-network="a" aria-pressed="false"' in cards
    assert 'data-network="b" aria-pressed="true"' in cards
    assert "&lt;A&gt;" in cards
    assert "62k parameters, test 75.6%" in cards
    assert "3.91M parameters<" in cards


def test_crops_say_where_and_how_much(server: Server) -> None:
    one = said(server, "sure", cat=1.0)
    assert "One look was enough" in photo_figures.crops(replace(one, crops=one.crops[:1]), (800, 400))
    crops = (
        Crop((0.25, 0.0, 0.75, 1.0), False, False, {"cat": 0.6, "dog": 0.4}, 0.7),
        Crop((0.0, 0.0, 1.0, 1.0), True, True, {"cat": 0.2, "dog": 0.8}, 0.3),
    )
    html = photo_figures.crops(replace(one, crops=crops), (800, 400))
    assert "2 views averaged, because one look did not settle it." in html
    assert "aspect-ratio:400/400;background-size:200.00% 100.00%;background-position:50.00% 0.00%" in html
    assert 'class="look mirrored"' in html
    assert 'aria-label="whole, mirrored, dog 80%"' in html
    assert "counts 70%" in html


def test_the_default_is_offered_first_and_a_trained_one_next(server: Server) -> None:
    offered = photo.offer(server, [], "")
    assert offered["network"] == "photos"
    mine, _ = server.networks.keep(load(WEIGHTS / "photos-lenet5.safetensors"), name="holiday")
    digits, _ = server.networks.keep(load(WEIGHTS / "mnist-lenet5-bn.safetensors"))
    offered = photo.offer(server, [digits, mine, "own-gone"], mine)
    assert offered["network"] == mine
    cards = offered["cards"]["en"]
    assert cards.index('data-network="photos"') < cards.index(f'data-network="{mine}"')
    assert digits not in cards
    assert "Yours: holiday" in cards
    assert cards.count('aria-pressed="true"') == 1
    assert "您的：holiday" in offered["cards"]["zh"]
    order = re.compile('data-network="([^"]+)"').findall
    assert order(cards) == order(offered["cards"]["zh"])
    assert offered["wanted"]
    for other in ("", digits):
        assert photo.offer(server, [mine], other) == offered | {"wanted": False}


# --------------------------------------------------------------------------------------------------
# in Chinese

# Latin letters that stay, beside HTML's own: units, names of networks and formats.
KEPT = re.compile(r"LeNet(-5)?|MNIST|SGD|BatchNorm|JPEG|HTTP|URL|MB|logit|https?://[\w./]*|\b\d+k\b|\d+x\d+|\bT\b")


def english(html: str) -> list[str]:
    """What stands in HTML, or in its attributes that are read out, and has Latin letters."""
    read = re.findall(r'(?:title|alt|aria-label)="([^"]*)"', html) + re.sub("<[^>]*>", "\n", html).splitlines()
    return [text for text in read if re.search("[A-Za-z]", KEPT.sub("", text.replace("&times;", "")))]


def chinese(server: Server, **more: object) -> dict:
    return asked(server, opened(server), language="zh", **more)


def test_nothing_english_is_left_in_chinese(server: Server) -> None:
    assert english(photo_figures.sentence(said(server, "sure", cat=1.0))) == ["I think this is a cat: over 99% sure"]
    canvas = Image.new("RGB", (900, 300), "#9ab")
    canvas.paste(Image.open(EXAMPLES / "frog.jpg").resize((300, 300)), (600, 0))
    aside = photo.open_photo(server, {"picture": address(canvas)})
    for reply in (
        chinese(server),
        asked(server, aside, language="zh"),
        asked(server, aside, language="zh", box=[2 / 3, 0, 1, 1]),
    ):
        for name in ("answer", "card", "seen", "crops", "steps"):
            assert english(reply[name]) == [], name
    with texts.speaking("zh"):
        for verdict in ("sure", "unsure", "unknown"):
            prediction = said(server, verdict, automobile=0.6, **{"ankle boot": 0.4})
            assert english(photo_figures.sentence(prediction) + photo_figures.card(prediction, 3.0)) == []


def test_what_scripts_and_programs_read_stays_english(server: Server) -> None:
    assert 'data-label="ship"' in chinese(server)["answer"]
    assert {"truck", "frog"} <= set(said(server, "sure", truck=0.9, frog=0.1).probs)


def test_the_classes_have_chinese_names() -> None:
    classes = (*CIFAR10_CLASSES, *FASHION_CLASSES)
    with texts.speaking("zh"):
        names = [texts.translated(name) for name in classes]
        assert len(set(names)) == len(classes)
        assert not any(english(name) for name in names)
        assert [name for name in names[:10] if name not in texts.say("photo_classes")] == []
    assert [name for name in CIFAR10_CLASSES if name not in texts.say("photo_classes")] == []


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"url": "ftp://example.org"},
        {"url": "http://me:secret@example.org/"},
        {"url": "http://example.org:port/"},
        {"url": "http:///cat.jpg"},
        {"url": "http://127.0.0.1/cat.png"},
        {"url": "http://127.0.0.1:8080/cat.png"},
        {"picture": "data:image/png;base64," + "A" * (pictures.MAX_BYTES * 4 // 3 + 10)},
    ],
    ids=lambda question: str(question)[:40],
)
def test_refusals_are_chinese(server: Server, question: dict) -> None:
    problem = photo.open_photo(server, question | {"language": "zh"})["problem"]
    assert english(problem.replace("127.0.0.1", "").replace("example.org", "")) == []


def test_wrong_questions_are_answered_in_chinese(server: Server) -> None:
    for box in ("here", [0, 0, float("nan"), 1]):
        assert english(chinese(server, box=box)["problem"]) == []


def test_the_scripts_and_the_texts_of_the_tab_agree() -> None:
    page = Path(photo.__file__).parents[1]
    files = (
        "photo/tab.py",
        "photo/tab.html",
        "photo/view.js",
        "photo/figures.py",
        "shared/why.html",
        "shared/why.js",
    )
    used = set(re.findall(r'"(photo_\w[\w-]*)"', "".join((page / name).read_text(encoding="utf-8") for name in files)))
    made = {f"photo_example_{name}" for name in photo.EXAMPLES}  # put together there
    assert used | made == set(photo_texts.ENGLISH)

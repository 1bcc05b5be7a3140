"""What the Photo tab is made of, without a server."""

from __future__ import annotations

import base64
import io
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet.data.datasets import CIFAR10_CLASSES, FASHION_CLASSES
from lenet.errors import FetchError
from lenet.inference.photos import PhotoClassifier
from lenet.inference.pretrained import load
from lenet.training.stored import WEIGHTS
from lenet.ui.photo import tab as photo
from lenet.ui.photo import texts as photo_texts
from lenet.ui.server import Server
from lenet.ui.shared import networks, pictures, texts
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
        ({"picture": "7"}, "No picture"),
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
    assert says in photo.open_photo(server, question)["problem"]["en"]


def test_a_fetched_picture_is_opened(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "fetch", lambda url: (EXAMPLES / f"{url}.jpg").read_bytes())
    assert photo.open_photo(server, {"url": "ship"})["width"] == 800

    def nobody(url: str) -> bytes:
        raise FetchError("Nobody there.")

    monkeypatch.setattr(pictures, "fetch", nobody)
    assert photo.open_photo(server, {"url": "ship"})["problem"]["en"] == "Nobody there."


def test_slow_addresses_do_not_hold_the_page(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Semaphore(0), threading.Event()

    def slow(url: str) -> bytes:
        begun.release()
        assert go.wait(120)
        raise FetchError("Too slow.")

    monkeypatch.setattr(pictures, "fetch", slow)
    with ThreadPoolExecutor(pictures.FETCHES) as visitors:
        replies = [visitors.submit(photo.open_photo, server, {"url": "slow"}) for _ in range(pictures.FETCHES)]
        try:
            assert all(begun.acquire(timeout=60) for _ in replies)
            assert "is fetching other pictures" in photo.open_photo(server, {"url": "one more"})["problem"]["en"]
        finally:
            go.set()
    slow_ones = [
        *(reply.result() for reply in replies),
        photo.open_photo(server, {"url": "slow"}),
    ]  # there is room again
    assert {reply["problem"]["en"] for reply in slow_ones} == {"Too slow."}


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
    answer = reply["answer"]
    assert (answer["label"], answer["verdict"]) == ("ship", "sure")
    assert list(answer["probs"]) == list(CIFAR10_CLASSES)
    assert sum(answer["probs"].values()) == pytest.approx(1, abs=1e-5)
    assert answer["confidence"] == answer["probs"]["ship"]
    assert reply["milliseconds"] > 0
    assert reply["stages"][0]["name"] == {"template": "Upright", "values": {}}
    assert reply["stages"][-1]["shape"] == [32, 32]
    with Image.open(io.BytesIO(base64.b64decode(reply["stages"][-1]["image"].split(",")[1]))) as seen:
        assert seen.size == (32, 32)
    (crop,) = answer["crops"]
    assert crop["box"] == pytest.approx([(1 - 450 / 800) / 2, 0, (1 + 450 / 800) / 2, 1], abs=0.01)
    assert (crop["label"], crop["weight"], crop["mirrored"]) == ("ship", 1.0, False)


def test_the_box_is_what_is_looked_at(server: Server) -> None:
    canvas = Image.new("RGB", (900, 300), "#9ab")
    canvas.paste(Image.open(EXAMPLES / "frog.jpg").resize((300, 300)), (600, 0))
    reply = photo.open_photo(server, {"picture": address(canvas)})
    chosen = asked(server, reply, box=[2 / 3, 0, 1, 1])
    assert chosen["answer"]["label"] == "frog"
    assert chosen["answer"]["crops"][0]["box"] == pytest.approx([2 / 3, 0, 1, 1], abs=0.01)
    other = asked(server, reply, box=[0, 0, 1 / 3, 1])
    assert chosen["stages"][-1]["image"] != other["stages"][-1]["image"]


def test_what_no_class_fits_is_asked_of_more_crops(server: Server) -> None:
    canvas = Image.new("RGB", (900, 300), "#9ab")
    canvas.paste(Image.open(EXAMPLES / "frog.jpg").resize((300, 300)), (600, 0))
    crops = asked(server, photo.open_photo(server, {"picture": address(canvas)}))["answer"]["crops"]
    assert len(crops) > 1
    assert sum(crop["weight"] for crop in crops) == pytest.approx(1, abs=1e-5)
    assert any(crop["mirrored"] for crop in crops)
    surest, vaguest = (choose(crops, key=lambda crop: crop["confidence"]) for choose in (max, min))
    assert surest["weight"] > vaguest["weight"]


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
    assert says in asked(server, opened(server), **more)["problem"]["en"]


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
# by which networks


def test_the_default_is_offered_first_and_a_trained_one_next(server: Server) -> None:
    offered = photo.offer(server, [], "")
    assert offered["network"] == "photos"
    mine, _ = server.networks.keep(load(WEIGHTS / "photos-lenet5.safetensors"), name="holiday")
    digits, _ = server.networks.keep(load(WEIGHTS / "mnist-lenet5-bn.safetensors"))
    offered = photo.offer(server, [digits, mine, "own-gone"], mine)
    assert offered["network"] == mine
    first, second, *others = offered["networks"]
    assert (first["key"], second["key"]) == ("photos", mine)
    assert second["caption"] == "holiday"
    assert first["caption"] == {"template": "ConvNet, large", "values": {}}
    assert digits not in [network["key"] for network in others]
    accuracies = [network["accuracy"] for network in others]
    assert accuracies == sorted(accuracies, reverse=True)
    assert offered["wanted"]
    for other in ("", digits):
        assert photo.offer(server, [mine], other) == offered | {"wanted": False}


# --------------------------------------------------------------------------------------------------
# in Chinese

# Latin letters that stay: units, names of networks and formats.
KEPT = re.compile(r"LeNet(-5)?|MNIST|SGD|BatchNorm|JPEG|HTTP|URL|MB|logit|https?://[\w./]*|\b\d+k\b|\d+x\d+|\bT\b")


def english(said: str) -> bool:
    return re.search("[A-Za-z]", KEPT.sub("", said)) is not None


def test_what_the_modules_say_of_a_photo_has_chinese_words(server: Server) -> None:
    canvas = Image.new("RGB", (900, 300), "#9ab")
    canvas.paste(Image.open(EXAMPLES / "frog.jpg").resize((300, 300)), (600, 0))
    aside = photo.open_photo(server, {"picture": address(canvas)})
    replies = (asked(server, opened(server)), asked(server, aside), asked(server, aside, box=[2 / 3, 0, 1, 1]))
    templates = {stage[part]["template"] for reply in replies for stage in reply["stages"] for part in ("name", "why")}
    templates |= {network["caption"]["template"] for network in photo.offer(server, [], "")["networks"]}
    assert len(templates) > 10
    untold = {text for text in templates if english(text) and text not in texts.SENTENCES["zh"]}
    assert untold == set()


def test_the_classes_have_chinese_names() -> None:
    classes = (*CIFAR10_CLASSES, *FASHION_CLASSES)
    with texts.speaking("zh"):
        names = [texts.translated(name) for name in classes]
        assert len(set(names)) == len(classes)
        assert not any(map(english, names))
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
    problem = photo.open_photo(server, question)["problem"]["zh"]
    assert not english(problem.replace("127.0.0.1", "").replace("example.org", ""))


def test_wrong_questions_are_answered_in_chinese(server: Server) -> None:
    for box in ("here", [0, 0, float("nan"), 1]):
        assert not english(asked(server, opened(server), box=box)["problem"]["zh"])


def test_the_scripts_and_the_texts_of_the_tab_agree() -> None:
    page = Path(photo.__file__).parents[1]
    files = (
        "photo/tab.py",
        "photo/tab.html",
        "photo/view.js",
        "photo/figures.js",
        "shared/why.html",
        "shared/why.js",
    )
    used = set(re.findall(r'"(photo_\w[\w-]*)"', "".join((page / name).read_text(encoding="utf-8") for name in files)))
    made = {f"photo_example_{name}" for name in photo.EXAMPLES}  # put together there
    assert used | made == set(photo_texts.ENGLISH)

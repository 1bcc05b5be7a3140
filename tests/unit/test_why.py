"""Why a photo got its answer: what lies over it, and what the page is told."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from lenet.errors import CheckpointError, Text
from lenet.inference.explain import Layer
from lenet.inference.photos import PhotoPrediction
from lenet.ui import messages
from lenet.ui.server import Server
from lenet.ui.shared import facts, networks, why, why_figures
from lenet.ui.shared.messages import LookAtPhoto, NamePhoto, TracePhoto

SHIP = Path(networks.__file__).parents[1] / "photo" / "examples" / "ship.jpg"


@pytest.fixture
def ship(server: Server) -> PhotoPrediction:
    return server.networks.classify_photo("photos", SHIP)


def opened(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_what_spoke_is_coloured_and_the_rest_is_clear() -> None:
    evidence = np.zeros((32, 32))
    evidence[4:8, 4:8], evidence[20:24, 20:24] = 2.0, -1.0
    picture = np.asarray(why_figures.heat(evidence, 320))
    assert picture.shape == (320, 320, 4)
    assert tuple(picture[60, 60, :3]) == why_figures.FOR
    assert tuple(picture[220, 220, :3]) == why_figures.AGAINST
    assert picture[60, 60, 3] > picture[220, 220, 3] > 50
    assert picture[150, 150, 3] == picture[300, 20, 3] == 0
    assert picture[38, 60, 3] not in (0, picture[60, 60, 3]), "soft edges"
    assert not np.asarray(why_figures.heat(np.zeros((32, 32))))[..., 3].any()


def test_a_photo_is_shown_with_what_spoke_in_it(server: Server, ship: PhotoPrediction) -> None:
    shown = why_figures.why(ship, server.networks.photo_evidence("photos", ship))
    assert opened(shown.frame).format == "JPEG"
    assert opened(shown.frame).size == ship.preprocessed.stages[-2].image.shape[1::-1]
    assert opened(shown.heat).mode == "RGBA"
    assert shown.label == "ship"
    assert shown.gain > 0 >= shown.loss


@pytest.mark.parametrize("shape", [(30, 50, 3), (51, 30, 3), (40, 40, 3)])
def test_what_was_looked_at_is_shown_as_a_square(shape: tuple[int, int, int]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    square = why_figures._squared(frame)
    assert square.shape == (max(shape), max(shape), 3)
    top, left = (max(shape) - shape[0]) // 2, (max(shape) - shape[1]) // 2
    assert (square[top : top + shape[0], left : left + shape[1]] == frame).all()
    assert (square[0, left] == frame[0, 0]).all()


def test_of_many_maps_the_strongest_are_shown() -> None:
    maps = torch.rand(200, 3, 3)
    strongest = list(range(5, 195, 6))[: facts.MAPS_SHOWN]
    maps[strongest, 1, 1] = -9.0
    crowded, answer = (
        Layer("conv1", Text("convolution"), maps, True),
        Layer("fc1", Text("fully connected"), torch.arange(3.0), True),
    )
    row, last = facts.layers((crowded, answer), ("a", "b", "c"), every=False)
    assert row.shape == [facts.MAPS_SHOWN, 3, 3]
    assert row.of == 200
    assert row.maps == strongest
    assert row.said is not None
    assert row.cells is not None
    assert len(row.said) == facts.MAPS_SHOWN
    assert row.said.count(-9.0) == len(strongest)
    assert len(base64.b64decode(row.cells)) == facts.MAPS_SHOWN * 9
    assert (last.of, last.labels) == (None, ["a", "b", "c"])
    hidden = facts.layers((Layer("conv1", Text(""), maps, False), answer), ("a", "b", "c"), every=False)[0]
    assert hidden.shape == row.shape, "room for it is known before it is shown"
    assert hidden.cells is None
    assert hidden.said is None


def question(network: str = "photos", **parts: Any) -> LookAtPhoto:
    return LookAtPhoto.read({"photo": "x", "network": network, "box": None, **parts})


def test_only_what_is_wanted_is_told(server: Server, ship: PhotoPrediction) -> None:
    def told(**more: Any) -> dict[str, Any]:
        reply = asdict(why.look(server, lambda question: ship, question(**more)))
        return {name: fact for name, fact in reply.items() if fact}

    assert told() == {}
    assert set(told(why=True)) == {"why"}
    few, every = told(inside=True), told(inside=True, every=True)
    assert set(few) == set(every) == {"layers"}
    assert sum(row["cells"] is not None for row in few["layers"]) < len(every["layers"])
    assert all(row["cells"] for row in every["layers"])
    assert few["layers"][-1]["labels"] == list(ship.probs)


def test_what_cannot_be_told_is_a_sentence(server: Server, ship: PhotoPrediction) -> None:
    def gone(question: NamePhoto) -> PhotoPrediction:
        raise CheckpointError("nobody keeps it")

    with pytest.raises(CheckpointError, match="nobody keeps it"):
        why.look(server, gone, question(network="x", why=True))
    assert why.look(server, lambda question: None, question(why=True)).why is None
    with pytest.raises(messages.QuestionError):
        LookAtPhoto.read({})
    with pytest.raises(CheckpointError, match="no network called none here"):
        why.look(server, lambda question: ship, question(network="none", why=True))


def test_how_a_number_of_a_map_came_about_is_told_in_few_bytes(server: Server, ship: PhotoPrediction) -> None:
    def asked(**place: Any) -> TracePhoto:
        of = {"photo": "x", "network": "photos", "box": None}
        return TracePhoto.read({**of, "layer": "gelu6", "map": 3, "row": 0, "column": 2, **place})

    told = why.trace(server, lambda question: ship, asked())
    assert (told.op, len(told.parts), told.others) == ("conv", 4, 380)  # of 384 maps before it
    total = sum(part.sum for part in told.parts) + told.rest + told.bias
    assert total == pytest.approx(told.steps[0].value, abs=1e-2)
    assert [step.name for step in told.steps] == ["conv6", "bn6", "gelu6"]
    assert len(json.dumps(asdict(told))) < 3000
    assert why.trace(server, lambda question: None, asked()).steps == ()
    for wrong in ({"layer": "nothing"}, {"layer": "fc1"}, {"map": 384}, {"row": 1000}):
        with pytest.raises(messages.QuestionError):
            why.trace(server, lambda question: ship, asked(**wrong))
    for garbled in ({"map": -1}, {"row": 0.5}, {"layer": 3}, {"column": None}):
        with pytest.raises(messages.QuestionError):
            asked(**garbled)

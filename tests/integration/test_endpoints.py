"""The page's endpoints, as a program calls them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from lenet.data.strokes import render
from tests.serving import ROOT, serve

SEVEN = [[(140, 110), (365, 105), (305, 215), (235, 415)], [(190, 250), (350, 230)]]  # tablet pixels


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("endpoints")
    with serve(folder / "app.log") as url:
        client = Client(url, verbose=False, download_files=str(folder))
        yield client
        client.close()


def test_a_digit_is_read(client: Client, tmp_path: Path) -> None:
    render(SEVEN, 20).save(tmp_path / "seven.png")
    answer = client.predict(handle_file(tmp_path / "seven.png"), "digits", "modern", api_name="/classify_digit")
    assert (answer["label"], answer["verdict"]) == ("7", "sure")
    assert list(answer["probs"]) == list("0123456789")
    assert sum(answer["probs"].values()) + answer["p_not_digit"] == pytest.approx(1, abs=1e-5)


def test_the_page_and_its_answers_travel_compressed(client: Client) -> None:
    table = next(
        p["id"] for p in client.config["components"] if "fetch_network" in (p["props"].get("server_fns") or [])
    )
    asked = {"component_id": table, "fn_name": "fetch_network", "session_hash": "s", "data": {"network": "digits"}}
    sizes = {}
    for encoding in ("gzip", "identity"):
        with httpx.Client(base_url=client.src, headers={"accept-encoding": encoding}, trust_env=False) as http:
            answers = [http.get("/"), http.post("/gradio_api/component_server", json=asked)]
            sizes[encoding] = [answer.raise_for_status().num_bytes_downloaded for answer in answers]
            assert "LeNet Playground" in answers[0].text
            assert answers[1].json()["table"]["name"]
    small, whole = sizes["gzip"], sizes["identity"]
    assert small[0] < 0.5 * whole[0]
    assert small[1] < 0.8 * whole[1]  # weights in base64, which are as good as random


def test_an_empty_page_is_blank(client: Client, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "white").save(tmp_path / "empty.png")
    answer = client.predict(handle_file(tmp_path / "empty.png"), "digits", "modern", api_name="/classify_digit")
    assert (answer["label"], answer["verdict"], answer["confidence"]) == ("", "blank", 0)


def test_a_photo_is_named(client: Client) -> None:
    picture = handle_file(ROOT / "lenet" / "ui" / "photo" / "examples" / "ship.jpg")
    answer = client.predict(picture, "photos", api_name="/classify_photo")
    assert (answer["label"], answer["verdict"]) == ("ship", "sure")
    assert 0 <= answer["ood_score"] <= 0.5
    (crop,) = answer["crops"]
    assert (crop["label"], crop["weight"]) == ("ship", 1)
    with pytest.raises(AppError, match="reads digits"):
        client.predict(picture, "digits", api_name="/classify_photo")


@pytest.mark.parametrize(
    ("network", "pipeline", "says"),
    [
        ("../digits", "modern", "no network called ../digits here"),
        ("digits", "scenic", "choose one of modern, classic"),
        ("photos-lenet5", "modern", "names photos"),
    ],
)
def test_a_wrong_name_gets_a_sentence(client: Client, tmp_path: Path, network: str, pipeline: str, says: str) -> None:
    render(SEVEN, 20).save(tmp_path / "seven.png")
    with pytest.raises(AppError, match=says):
        client.predict(handle_file(tmp_path / "seven.png"), network, pipeline, api_name="/classify_digit")


def test_a_file_that_is_no_picture_gets_a_sentence(client: Client, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    with pytest.raises(AppError, match="not a picture"):
        client.predict(handle_file(tmp_path / "notes.png"), "photos", api_name="/classify_photo")


def test_a_run_streams_and_ends_with_a_network(client: Client) -> None:
    job = client.submit("digits-demo", "digits", 3, 64, 0.004, 0, api_name="/train")
    job.result(timeout=120)
    frames = [frame[0] for frame in job.outputs()]
    assert len(frames) >= 3
    assert "Starting" in frames[0]
    assert "test images right" in frames[-1]


@pytest.mark.data
def test_a_program_can_train_on_photographs(client: Client, cifar_root: Path) -> None:
    job = client.submit("cifar10-lenet5-sgd", "cifar10", 1, 512, 0.1, 0, api_name="/train")
    job.result(timeout=240)
    assert "10,000 test images right, after 1 epoch and" in job.outputs()[-1][0]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (("digits-demo", "digits", 0, 64, 0.004, 0), "must be from 1 to 10,000"),
        (("digits-demo", "digits", 1.5, 64, 0.004, 0), "must be a whole number"),
        (("digits-demo", "digits", 1, 60_000, 0.004, 0), "must be from 1 to 1,024"),
        (("mnist-lenet5-1998", "cifar10", 1, 64, 0.004, 0), "cannot learn cifar10"),
        (("keras-lenet", "cifar10", 1, 64, 0.004, 0), "no recipe called keras-lenet"),
        (("digits-demo", "drawings-fold-1", 1, 64, 0.004, 0), "no drawings-fold-1 here"),
    ],
)
def test_wrong_settings_get_a_sentence(client: Client, settings: tuple[object, ...], says: str) -> None:
    job = client.submit(*settings, api_name="/train")
    job.result(timeout=60)
    assert says in job.outputs()[-1][0]


def test_no_picture_gets_a_sentence(client: Client) -> None:
    with pytest.raises(AppError, match="give one"):
        client.predict(None, "photos", api_name="/classify_photo")

"""Networks that tutorials trained and saved, read into ours: the same answers, and no code run."""

from __future__ import annotations

import collections
import copy
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from lenet.cli import main
from lenet.data.datasets import Split, load
from lenet.errors import CheckpointError
from lenet.inference import pretrained
from lenet.inference.digits import DigitClassifier
from lenet.inference.imported import imported, input_format, read_tensors, recognised
from lenet.models import MODELS
from lenet.training.loop import evaluate
from lenet.ui.report import tab as report
from lenet.ui.server import Server
from lenet.ui.zoo import uploads


def block(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers)


class BatchNormTutorial(nn.Module):
    """LeNet-5 with BatchNorm for 32x32 digits, by the names that its tutorial has."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = block(nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2))
        self.layer2 = block(nn.Conv2d(6, 16, 5), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(400, 120)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(120, 84)
        self.relu1 = nn.ReLU()
        self.fc2 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(x)).flatten(1)
        return self.fc2(self.relu1(self.fc1(self.relu(self.fc(x)))))


class SigmoidTutorial(nn.Sequential):
    def __init__(self) -> None:
        pool = nn.AvgPool2d
        super().__init__(
            *(nn.Conv2d(1, 6, 5), nn.Sigmoid(), pool(2), nn.Conv2d(6, 16, 5), nn.Sigmoid(), pool(2), nn.Flatten()),
            *(nn.Linear(256, 120), nn.Linear(120, 84), nn.Linear(84, 10)),
        )


class ColourTutorial(nn.Module):
    """LeNet-5 for CIFAR-10, its layers defined in another order than they are used in."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)
        self.conv1, self.conv2 = block(nn.Conv2d(3, 6, 5)), block(nn.Conv2d(6, 16, 5))

    def forward(self, x: Tensor) -> Tensor:
        for conv in (self.conv1, self.conv2):
            x = nn.functional.max_pool2d(conv(x).relu(), 2)
        return self.fc3(self.fc2(self.fc1(x.flatten(1)).relu()).relu())


class Block(nn.Module):
    """A residual block that defines its shortcut first."""

    def __init__(self, narrow: int, wide: int) -> None:
        super().__init__()
        self.downsample = block(nn.Conv2d(narrow, wide, 1), nn.BatchNorm2d(wide)) if narrow != wide else None
        self.conv1, self.bn1 = nn.Conv2d(narrow, wide, 3, padding=1), nn.BatchNorm2d(wide)
        self.conv2, self.bn2 = nn.Conv2d(wide, wide, 3, padding=1), nn.BatchNorm2d(wide)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return y + (x if self.downsample is None else self.downsample(x))


class ResidualTutorial(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = block(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.block1, self.block2 = Block(16, 16), Block(16, 32)
        self.out = nn.Linear(32768, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.block2(self.block1(self.stem(x))).flatten(1))


class ConvolutionalTutorial(nn.Sequential):
    """LeNet-5 whose C5 is a convolution, as in the paper."""

    def __init__(self) -> None:
        super().__init__(
            *(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(16, 120, 5), nn.ReLU(), nn.Flatten(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
        )


def train(network: nn.Module, split: Split, size: int, steps: int) -> None:
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for step in range(steps):
        batch = split.subset(torch.arange(64) + 64 * (step % (len(split) // 64)))
        x = nn.functional.pad(batch.images / 255, [(size - 28) // 2] * 4)
        nn.functional.cross_entropy(network(x), batch.labels).backward()
        optimizer.step()
        optimizer.zero_grad()
    network.eval()


def test_a_tutorials_network_answers_as_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = load("digits")
    network = BatchNormTutorial()
    train(network, digits.train, 32, 100)
    monkeypatch.chdir(tmp_path)
    torch.save(network.state_dict(), "LeNet.pth")
    asked = ["--dataset", "digits", "--input", "unit", "--scaling", "pad"]
    assert main(["import", "LeNet.pth", *asked]) == 0
    assert "lenet5-bn, 61,750 parameters" in capsys.readouterr().out
    ours = pretrained.load("LeNet.safetensors")
    with torch.inference_mode():
        theirs = network(nn.functional.pad(digits.test.images / 255, [2] * 4))
    logits = evaluate(ours.model, digits.test.images, ours.recipe.input)
    torch.testing.assert_close(logits, theirs, rtol=1e-4, atol=1e-4)
    assert (theirs.argmax(1) == digits.test.labels).double().mean() > 0.9
    found = DigitClassifier.from_pretrained("LeNet.safetensors").predict(255 - digits.test.images[0])
    assert found.label == str(int(theirs[0].argmax()))


@pytest.mark.parametrize(
    ("network", "models"),
    [
        (BatchNormTutorial(), ["lenet5-bn"]),
        (SigmoidTutorial(), ["lenet5-sigmoid"]),
        (ColourTutorial(), ["lenet5", "lenet5-linear"]),
        (ResidualTutorial(), ["resnet-mini"]),
        (ConvolutionalTutorial(), ["lenet5", "lenet5-linear"]),
    ],
    ids=["bn", "sigmoid", "colour", "residual", "convolutional"],
)
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.net.", "module.module."])
def test_it_is_recognised_by_any_names(network: nn.Module, models: list[str], prefix: str) -> None:
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None
            nn.init.uniform_(part.running_mean)
            nn.init.uniform_(part.bias)
    state = {prefix + name: tensor for name, tensor in network.state_dict().items()}
    found = recognised("x.pth", state)
    assert list(found.models) == models
    form = input_format("unit", models[0], "cifar10" if found.channels == 3 else "mnist")
    ours = imported(found, models[0], "cifar10" if found.channels == 3 else "mnist", form)
    x = torch.rand(2, found.channels, form.size, form.size)
    with torch.inference_mode():
        torch.testing.assert_close(ours.model(x), copy.deepcopy(network).eval()(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_every_network_of_ours_is_recognised(model: str) -> None:
    network = MODELS[model].build(MODELS[model].channels, 10)
    found = recognised("x.pth", network.state_dict())
    assert model in found.models
    assert found.weights[model].keys() == network.state_dict().keys()


def test_a_checkpoint_of_a_training_program_is_looked_into(tmp_path: Path) -> None:
    network = SigmoidTutorial()
    saved = {"epoch": 3, "model_state_dict": network.state_dict(), "optimizer": {"lr": 0.1}}
    torch.save(saved, tmp_path / "last.ckpt")
    assert read_tensors(tmp_path / "last.ckpt").keys() == network.state_dict().keys()
    torch.save(network.state_dict(), tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    assert read_tensors(tmp_path / "old.pt").keys() == network.state_dict().keys()


WRAPPED: dict[str, Callable[[dict[str, Any]], Any]] = {
    **{
        key: lambda state, key=key: {"epoch": 3, key: state, "args": None}  # type: ignore[misc]
        for key in ("model_state", "params", "ema", "state_dict_ema", "model_dict", "module", "net_state_dict")
    },
    "within a checkpoint": lambda state: {"checkpoint": {"model": state, "epoch": 3}},
    "wrapped twice": lambda state: {"latest": {"net": {"state_dict": state}}},
    "beside its optimizer": lambda state: {
        "mine": state,
        "optimizer": {"state": {0: {"step": torch.tensor(1.0), "exp_avg": torch.zeros(6, 1, 5, 5)}}},
    },
    "beside its average": lambda state: {"ema": {key: value * 0 for key, value in state.items()}, "model": state},
    "twice the same": lambda state: {"last": state, "best": state},
    "beside numbers": lambda state: {"epoch": 3, "lr": np.float64(0.1), "step": np.int64(7), "name": "x", **state},
    "averaged": lambda state: {"n_averaged": torch.tensor(3), **{f"module.{key}": state[key] for key in state}},
    "whose multiplications were counted": lambda state: {
        "total_ops": torch.zeros(1),
        "7.total_params": state["0.bias"],
        **state,
    },
    "last layer first": lambda state: dict(reversed(state.items())),
    "arrays of NumPy": lambda state: {key: value.numpy() for key, value in state.items()},
    "big-endian, columns first": lambda state: {
        key: np.asfortranarray(value.numpy().astype(">f8")) for key, value in state.items()
    },
    "defaultdict": lambda state: collections.defaultdict(list, {"model": collections.OrderedDict(state)}),
    "parameters": lambda state: {key: nn.Parameter(value) for key, value in state.items()},
}


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("wrap", WRAPPED)
def test_a_state_dict_is_found_wherever_it_is(wrap: str, new: bool, tmp_path: Path) -> None:
    network = SigmoidTutorial()
    torch.save(WRAPPED[wrap](network.state_dict()), tmp_path / "x.pth", _use_new_zipfile_serialization=new)
    found = recognised("x.pth", read_tensors(tmp_path / "x.pth")).weights["lenet5-sigmoid"]
    read = {tuple(tensor.shape): tensor for tensor in found.values()}  # all different
    assert len(found) == len(network.state_dict())
    for given in network.state_dict().values():
        assert torch.equal(read[tuple(given.shape)], given)


def test_which_of_several_state_dicts_is_meant_is_asked(tmp_path: Path) -> None:
    torch.save(
        {"student": SigmoidTutorial().state_dict(), "teacher": ColourTutorial().state_dict()}, tmp_path / "x.pth"
    )
    with pytest.raises(CheckpointError, match=r"several state dicts, student, teacher: save the one that is meant"):
        read_tensors(tmp_path / "x.pth")


def test_what_numpy_has_beside_numbers_is_left_out(tmp_path: Path) -> None:
    state = {"names": np.array(["a"]), "objects": np.array([None, {}]), "rows": np.zeros(2, [("x", "f4")])}
    torch.save({**state, **SigmoidTutorial().state_dict(), "none": np.zeros((0, 3))}, tmp_path / "x.pth")
    assert read_tensors(tmp_path / "x.pth").keys() - SigmoidTutorial().state_dict().keys() <= {"none"}


@pytest.mark.parametrize("name", ["net.pth", "net.safetensors"])
@pytest.mark.parametrize("kind", ["safetensors", "zip", "pickle"])
def test_a_file_is_read_as_what_it_is_whatever_its_name(name: str, kind: str, tmp_path: Path) -> None:
    state = SigmoidTutorial().state_dict()
    if kind == "safetensors":
        save_file(state, tmp_path / name)
    else:
        torch.save(state, tmp_path / name, _use_new_zipfile_serialization=kind == "zip")
    assert read_tensors(tmp_path / name).keys() == state.keys()


def quantized(tensor: Tensor) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch means to drop them; files with them stay
        return torch.quantize_per_tensor(tensor, 0.1, 0, torch.qint8)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda t: t.to_sparse(), r"7.weight in x.pth is sparse_coo, and only dense decimal numbers"),
        (lambda t: t.to_sparse_csr(), "is sparse_csr"),
        (quantized, "is quantized"),
        (lambda t: t.to("meta"), "is meta"),
        (lambda t: (t * 99).to(torch.int8), "is int8"),
        (lambda t: t.to(torch.complex64), "is complex64"),
        (lambda t: t > 0, "is bool"),
        (lambda t: t.to(torch.float8_e4m3fn), "is float8_e4m3fn"),
        (lambda t: t * float("nan"), "not finite"),
        (lambda t: t / 0, "not finite"),
        (lambda t: t.double() * 1e300, "not finite"),
        (lambda t: torch.zeros(1).expand(10**6, 10**6), "holds more numbers than any network of this project"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # of PyTorch about what it means to drop
def test_what_are_no_plain_numbers_is_said(spoil: Any, says: str, tmp_path: Path) -> None:
    state = SigmoidTutorial().state_dict()
    torch.save({**state, "7.weight": spoil(state["7.weight"])}, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match=says):
        recognised("x.pth", read_tensors(tmp_path / "x.pth"))


class Hostile:
    def __reduce__(self) -> Any:
        return os.mkdir, ("was-run",)


@pytest.mark.parametrize("new", [True, False])
def test_nothing_in_a_file_is_run(new: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"fc.weight": Hostile()}, "bad.pth", _use_new_zipfile_serialization=new)
    with pytest.raises(CheckpointError, match="nothing in it was run"):
        read_tensors(Path("bad.pth"))
    torch.save(SigmoidTutorial(), "whole.pth", _use_new_zipfile_serialization=new)
    with pytest.raises(CheckpointError, match=r"torch.save\(model.state_dict\(\), FILE\)"):
        read_tensors(Path("whole.pth"))
    torch.save({"fc.weight": np.array([Hostile()])}, "array.pth", _use_new_zipfile_serialization=new)
    with pytest.raises(CheckpointError, match="nothing in it was run"):
        read_tensors(Path("array.pth"))
    with zipfile.ZipFile("script.pt", "w") as archive:  # as torch.jit.save writes it
        archive.writestr("script/constants.pkl", b"\x80\2).")
    with pytest.raises(CheckpointError, match="nothing in it was run"):
        read_tensors(Path("script.pt"))
    assert not Path("was-run").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no file of PyTorch"),
        (b"<html>", "torn.pth is no file of PyTorch: in the program that made the network"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "is no file of PyTorch"),
        (b"\x93NUMPY" + bytes(99), "is no file of PyTorch"),
        (b"PK\3\4" + bytes(99), "cannot"),
        (b"\x80\2", "cannot"),
    ],
)
def test_a_torn_file_is_one_sentence(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "torn.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match=says):
        read_tensors(tmp_path / "torn.pth")


@pytest.mark.parametrize("content", [{}, [1, 2], {"lr": 0.1}, torch.zeros(3)])
def test_what_holds_no_network_is_said(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match="holds no state dict"):
        read_tensors(tmp_path / "x.pth")


def test_what_unpacks_to_much_more_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(250_000_000))
    with pytest.raises(CheckpointError, match="250 MB; no network of this project is that large"):
        read_tensors(tmp_path / "bomb.pth")


@pytest.mark.parametrize("channels", [1, 3])
def test_another_network_is_told_by_its_layers(channels: int) -> None:
    other = block(nn.Conv2d(channels, 8, 3), nn.Linear(50, 10))
    with pytest.raises(CheckpointError, match=rf"no network here: 8x{channels}x3x3, 10x50. These are known: lenet5"):
        recognised("x.pth", other.state_dict())
    with pytest.raises(CheckpointError, match=r"10x84, mean std\. These are known"):
        recognised("x.pth", {**SigmoidTutorial().state_dict(), "mean": torch.zeros(1), "std": torch.ones(1)})


@pytest.mark.parametrize(
    ("kind", "mean"), [("unit", (0.0,)), ("signed", (0.5,)), ("statistics", (0.1307,)), ("0.2/0.3", (0.2,))]
)
def test_inputs_are_known_by_name_or_given(kind: str, mean: tuple[float, ...]) -> None:
    assert input_format(kind, "lenet5-bn", "mnist").mean == mean


@pytest.mark.parametrize("kind", ["", "0.5", "0.5,0", "0.5,nan", "a,b", "0.5,0.5,0.5"])
def test_another_input_is_refused(kind: str) -> None:
    with pytest.raises(CheckpointError, match="choose unit, signed, statistics, or give a mean"):
        input_format(kind, "lenet5-bn", "mnist")


def ctrl_d(prompt: str) -> str:
    raise EOFError


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--model", "zzz"], "net.pth has not the layers of zzz: choose lenet5, lenet5-linear."),
        (["--model", "lenet-wide"], "net.pth has not the layers of lenet-wide: choose lenet5, lenet5-linear."),
        (["--model", "lenet5", "--dataset", "imagenet"], "which imagenet has not: choose cifar10."),
        (["--model", "lenet5", "--dataset", "mnist"], "which mnist has not: choose cifar10."),
    ],
)
def test_a_name_that_there_is_not_is_said(
    asked: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(ColourTutorial().state_dict(), "net.pth")
    assert main(["import", "net.pth", "--input", "unit", *asked]) == 1
    assert says in capsys.readouterr().err


def test_a_network_of_as_many_classes_as_no_data_set_has_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for classes in (2, 47):  # EMNIST has 47
        network = SigmoidTutorial()
        network[-1] = nn.Linear(84, classes)
        torch.save(network.state_dict(), "net.pth")
        for asked in ([], ["--dataset", "mnist"]):
            assert main(["import", "net.pth", *asked]) == 1
            said = f"reads 1 channels and answers {classes} classes, as no data set here has them"
            assert said in capsys.readouterr().err


def test_what_is_left_open_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(ColourTutorial().state_dict(), tmp_path / "net.pth")
    monkeypatch.chdir(tmp_path)
    assert main(["import", "net.pth"]) == 1
    assert "Which network is it? Say it with --model: lenet5, lenet5-linear." in capsys.readouterr().err
    answers = iter(["lenet5", "signed"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", ctrl_d)
    assert main(["import", "net.pth"]) == 1
    assert "Which network is it? Say it with --model: lenet5, lenet5-linear." in capsys.readouterr().err
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    assert main(["import", "net.pth", "--out", "mine.safetensors"]) == 0
    assert "signed" in capsys.readouterr().out
    recipe = pretrained.load("mine.safetensors").recipe
    assert (recipe.model, recipe.dataset, recipe.input.mean) == ("lenet5", "cifar10", (0.5, 0.5, 0.5))


def test_the_page_takes_it_once_imported_whatever_its_case(tmp_path: Path, server: Server) -> None:
    found = recognised("LeNet.pth", BatchNormTutorial().state_dict())
    ours = imported(found, "lenet5-bn", "mnist", input_format("statistics", "lenet5-bn", "mnist", "resize"))
    pretrained.save(tmp_path / "LENET.SAFETENSORS", ours)
    key, _ = uploads.upload(server, str(tmp_path / "LENET.SAFETENSORS"), ("127.0.0.1", "session"))
    assert key
    told = {row["key"] for row in report.choose(server, {"network": key, "again": False})["recipe"]}
    assert "fact_source" in told
    assert told.isdisjoint({"fact_length", "fact_optimizer", "fact_loss"}), "what nobody knows"


@pytest.mark.parametrize("name", ["LeNet.pth", "LeNet.PT", "checkpoint.pth.tar"])
def test_the_page_says_how_to_bring_a_file_of_pytorch(name: str, tmp_path: Path, server: Server) -> None:
    torch.save(BatchNormTutorial().state_dict(), tmp_path / name)
    key, said = uploads.upload(server, str(tmp_path / name), ("127.0.0.1", "session"))
    assert key == ""
    assert f"`lenet import {name}` makes a .safetensors file" in str(said)

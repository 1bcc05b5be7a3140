"""An error is a template with values: it is said in every language, and survives what exceptions go through."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from lenet.errors import CheckpointError, DataError, DivergedError, ImageError, LeNetError, Text
from lenet.training import distributed

CHINESE = {
    "{name} is damaged ({why}).": "{name} 已损坏（{why}）。",
    "its layers do not fit: {names}": "各层不相符：{names}",
    "{first} It stays so.": "{first}不会再变。",
    "It has {count:,} MB.": "共 {count:,} MB。",
    ", ": "、",
}


def damaged() -> CheckpointError:
    why = Text("its layers do not fit: {names}", names=["fc1", "fc2"])
    return CheckpointError("{name} is damaged ({why}).", name="a.safetensors", why=why)


def test_an_error_is_said_in_each_language() -> None:
    assert str(damaged()) == "a.safetensors is damaged (its layers do not fit: fc1, fc2)."
    assert damaged().render(CHINESE) == "a.safetensors 已损坏（各层不相符：fc1、fc2）。"
    assert damaged().render({}) == str(damaged())
    assert damaged().template == "{name} is damaged ({why})."
    assert damaged().values["name"] == "a.safetensors"


def test_an_error_may_be_told_within_another() -> None:
    outer = DivergedError("{first} It stays so.", first=damaged())
    assert str(outer) == "a.safetensors is damaged (its layers do not fit: fc1, fc2). It stays so."
    assert outer.render(CHINESE) == "a.safetensors 已损坏（各层不相符：fc1、fc2）。不会再变。"
    assert str(Text("{all}", all=[Text("one"), damaged()])).startswith("one, a.safetensors is")


def test_numbers_are_formatted_by_the_template() -> None:
    assert str(DataError("It has {count:,} MB.", count=1234)) == "It has 1,234 MB."
    assert DataError("It has {count:,} MB.", count=1234).render(CHINESE) == "共 1,234 MB。"


def test_braces_in_values_and_in_texts_without_values_stay() -> None:
    assert str(ImageError("{name} is gone.", name="{0} {name} {")) == "{0} {name} { is gone."
    assert str(LeNetError("50% of {it")) == "50% of {it"


@pytest.mark.parametrize(
    "template", ["{name", "{other} is gone.", "{name:d} is gone.", "{0}", "{name.path}", "{name[0]:d}"]
)
def test_a_wrong_template_does_not_hide_the_error(template: str) -> None:
    assert str(ImageError(template, name="a.png")) == template


def test_a_wrong_translation_does_not_either() -> None:
    assert Text("{name} is gone.", name="a").render({"{name} is gone.": "{nobody}"}) == "{nobody}"


def by_pickle(error: LeNetError) -> LeNetError:
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, by_pickle])
def test_a_copy_says_the_same(copied) -> None:
    outer = DivergedError("{first} It stays so.", first=damaged())
    found = copied(outer)
    assert type(found) is DivergedError
    assert str(found) == str(outer)
    assert found.text == outer.text
    assert found.render(CHINESE) == outer.render(CHINESE)


def test_values_that_cannot_be_kept_are_words_at_once(tmp_path: Path) -> None:
    error = CheckpointError("{path}: {error}", path=tmp_path, error=OSError("no room"))
    assert error.values == {"path": tmp_path, "error": "no room"}
    assert pickle.loads(pickle.dumps(error)).values == error.values


def test_texts_are_values_themselves() -> None:
    assert Text("{n} left", n=1) == Text("{n} left", n=1) != Text("{n} left", n=2)
    assert len({Text("{n} left", n=1), Text("{n} left", n=1), Text("none")}) == 2


def test_an_error_keeps_its_cause() -> None:
    def lose() -> None:
        try:
            raise OSError("no room")
        except OSError as error:
            raise ImageError("{name} is gone.", name="a.png") from error

    with pytest.raises(ImageError, match=r"^a\.png is gone\.$") as caught:
        lose()
    assert isinstance(caught.value.__cause__, OSError)
    assert repr(caught.value) == "ImageError('a.png is gone.')"


def test_the_main_ranks_error_is_every_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = pickle.dumps([damaged()])

    def receive(objects: list[object]) -> None:
        objects[:] = pickle.loads(sent)

    monkeypatch.setattr(distributed, "initialized", lambda: True)
    monkeypatch.setattr(distributed, "is_main", lambda: False)
    monkeypatch.setattr(distributed.dist, "broadcast_object_list", receive)
    with pytest.raises(CheckpointError) as caught:
        distributed.on_main(lambda: None)
    assert caught.value.render(CHINESE) == damaged().render(CHINESE)

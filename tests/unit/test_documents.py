"""What the documents say agrees with what they speak of."""

from __future__ import annotations

import argparse
import ast
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from benchmarks.__main__ import PROGRAMS, main, module_of
from benchmarks.networks import table
from lenet.inference.pretrained import load
from lenet.training.recipes import RECIPES
from lenet.training.stored import WEIGHTS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


def test_the_model_zoo_is_what_its_command_prints() -> None:
    assert (WEIGHTS / "README.md").read_text(encoding="utf-8") == table.page()


@pytest.mark.parametrize("name", ["digits", "photos", "photos-lenet5", "photos-lenet-wide"])
def test_readme_gives_the_accuracies_in_the_headers(name: str) -> None:
    accuracy = f"{load(WEIGHTS / f'{name}.safetensors').metrics['test_accuracy']:.2%}"
    assert accuracy in README
    assert accuracy in RESULTS


def test_readme_and_results_give_the_same_figures() -> None:
    table = README.split("\n## Figures\n")[1].split("\n## License\n")[0]  # The classics are in it too
    rows = [line.split("|")[2] for line in table.splitlines() if line.startswith("|")][2:]
    figures = [figure for row in rows for figure in re.findall(r"\d+\.\d+", row)]
    assert len(figures) >= 12
    assert not re.findall(r"[A-Z]+_(?:ROWS|TABLE)", README + RESULTS)
    assert not [figure for figure in figures if figure not in RESULTS]


def test_every_recipe_and_file_that_readme_names_is_there() -> None:
    for name in re.findall(r"python train\.py ([a-z0-9-]+)", README):
        assert name in RECIPES or name.startswith("--"), name
    for text in (README, RESULTS, (WEIGHTS / "README.md").read_text(encoding="utf-8")):
        for program, name in re.findall(r"python -m benchmarks ([a-z]+) ?([a-z_]*)", text):
            assert "" in PROGRAMS[program] or name in PROGRAMS[program], f"{program} {name}"
    for path in re.findall(r"(?:weights|benchmarks|lenet)/[\w./-]+\.\w+", README):
        assert (ROOT / path).exists(), path


def test_spaces_gets_a_gradio_that_the_requirements_admit() -> None:
    (sdk,) = re.findall(r"^sdk_version: (\S+)$", README, re.MULTILINE)
    (gradio,) = re.findall(r"^gradio.*$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert Requirement(gradio).specifier.contains(sdk)


@pytest.mark.parametrize(("program", "name"), [(program, name) for program in PROGRAMS for name in PROGRAMS[program]])
def test_every_benchmark_has_its_arguments_and_its_help(program: str, name: str) -> None:
    module = module_of(program, name)
    parser = argparse.ArgumentParser(description=module.__doc__)
    module.add_arguments(parser)
    assert f"python -m benchmarks {program} {name}".rstrip() in (module.__doc__ or "")
    assert "--help" in parser.format_help()
    assert callable(module.run)


def test_benchmarks_lists_its_programs_and_says_what_goes_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    printed = capsys.readouterr().out
    assert [name for name in PROGRAMS if not re.search(rf"^    {name}\s", printed, re.MULTILINE)] == []
    assert main(["photos", "folders", "nowhere"]) == 1
    assert capsys.readouterr().err == "error: There is no folder nowhere. Check the path.\n"


@pytest.mark.parametrize(("program", "name"), [(program, name) for program in PROGRAMS for name in PROGRAMS[program]])
def test_every_benchmark_reads_the_options_that_it_has(program: str, name: str) -> None:
    module = module_of(program, name)
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    code = ast.walk(ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8")))
    read = {
        node.attr
        for node in code
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "options"
    }
    assert read <= {action.dest for action in parser._actions}

"""What Hydra refuses while it composes is one line too, with the names that are near."""

import pytest

from tests.conftest import REPOSITORY, Run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["seeed=1"], "this command has no option seeed; did you mean seed"),
        (["optimizer.lrr=1"], "this command has no option optimizer.lrr; did you mean optimizer.lr?"),
        (["lr=1"], "this command has no option lr; did you mean optimizer.lr"),
        (["~sead"], "this command has no option sead; did you mean seed"),
        (["modle=meso4"], "this command has no option modle; did you mean model"),
        (["modle.size=64"], "this command has no option modle.size; did you mean model.size"),
        (["modle/temporal=lstm"], "this command has no option modle/temporal; did you mean model/temporal"),
        (["nothing=1"], "this command has no option nothing; no option has a similar name (--help shows all)"),
        (["model=meso5"], "model has no choice meso5; did you mean meso4?"),
        (["data=imagenet"], "data has no choice imagenet; its choices are celebdf, celebdf_v1, demo, "),
        (["logger=null"], "logger=null names no choice; the choices are csv, wandb (leave it out for the default)"),
        (["debug=null"], "debug=null names no choice; the choices are fast, overfit, profile"),
        (["model=meso4", "data=3"], "data=3 names no choice; the choices are celebdf, "),
        (["model/temporal=lsmt"], "model/temporal has no choice lsmt; did you mean lstm or bilstm?"),
        (["+seed=1"], "this command has the option seed already: give it without +"),
        (["data="], "data= names no choice; the choices are celebdf, "),
        (["seed=0,1"], "seed=0,1 has several values: give -m first for a run with each, as in -m seed=0,1, or write a"),
        (["seed=[1"], "seed=[1 cannot be read as an option, since a bracket in it is not closed, or not opened: close"),
        (["notes=it's"], "notes=it's cannot be read as an option, since an apostrophe in it opens a quotation: put "),
        (['notes="a'], 'notes="a cannot be read as an option, since a quotation in it is not closed: close it'),
        (["a b"], "a b cannot be read as an option, since its value is not in quotes"),
        (
            ["notes=a", "b"],
            "b is not of the form NAME=VALUE; a value with spaces stands in quotes, as in \"notes='a b'\"",
        ),
        (
            ["notes=a", "b", "c", "seed=1"],
            "b is not of the form NAME=VALUE; a value with spaces stands in quotes, as in \"notes='a b c'\"",
        ),
        (
            ["notes=a, b"],
            "notes=a, b has several values: give -m first for a run with each, as in -m notes=a, b, or write",
        ),
        (["split=test"], "this command has no option split; scripts/calibrate.py and scripts/evaluate.py have it"),
        (["help"], "help is not of the form NAME=VALUE; did you mean --help?"),
        (["hydra.run.dri=a"], "this command has no option hydra.run.dri; did you mean hydra.run.dir?"),
        (["devices=2"], "this command has no option devices; did you mean device or trainer.devices?"),
        (["epochs=3"], "this command has no option epochs; did you mean rates.frozen_epochs or trainer.max_epochs?"),
        (
            ["checkpoint=a"],
            "this command has no option checkpoint; scripts/calibrate.py, scripts/evaluate.py, scripts/export.py, "
            "scripts/predict.py and scripts/serve.py have it",
        ),
        (["--config-name=evaluate"], "each script has its own config: leave out --config-name and --config-path"),
        (
            ["faces=checkpoint"],
            "faces=checkpoint takes these options from a checkpoint, and this command has no option",
        ),
        (["loader=scoring"], "loader has no choice scoring; its choices are default"),
        (["tags=demo"], "tags is 'demo': give a list of words of 64 letters at most, as in tags=[demo,baseline]"),
        (["notes="], "notes is '': give a sentence, as in \"notes='a first try'\", or null"),
        (["meso4_lstm"], "meso4_lstm is not of the form NAME=VALUE; did you mean model=meso4_lstm?"),
        (["fast"], "fast is not of the form NAME=VALUE; did you mean debug=fast?"),
        (
            ["print_config"],
            "print_config is not of the form NAME=VALUE; did you mean print_config=true",
        ),
        (["resume"], "resume is not of the form NAME=VALUE; did you mean resume=VALUE?"),
        (["nonsense"], "nonsense is not of the form NAME=VALUE; no option has a similar name"),
        (["-v"], "this command has no flag -v; options are given as NAME=VALUE, without dashes (--help shows all)"),
        (["--seed=1"], "this command has no flag --seed=1; options are given as NAME=VALUE, without dashes"),
        (["model=meso4", "-m", "seed=0,1"], "seed=0,1 comes after a flag and after other options: give flags such as"),
        (["-m", "modle=meso4,effnet"], "this command has no option modle; did you mean model"),
        (["-m", "model=meso4,meso5"], "model has no choice meso5; did you mean meso4?"),
        (["+sed=1"], "this command has no option sed; did you mean seed"),
        (["model/temporal@model.temporal=lstm"], "this command has no option model/temporal@model.temporal; did you"),
        (["faces/recipe=default"], "this command has no option faces/recipe; did you mean faces/recipe@faces?"),
        (["model=meso5", "fast"], "fast is not of the form NAME=VALUE; did you mean debug=fast?"),
        (["seed=abc", "optimizer.lr=abc"], "optimizer.lr is 'abc': give a number above 0; seed is 'abc': give a whole"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line(
    arguments: list[str], message: str, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("train", *arguments) == 1
    error = capfd.readouterr().err.strip()
    assert error.startswith(f"error: {message}")
    assert "\n" not in error


@pytest.mark.parametrize(
    ("arguments", "refused", "said"),
    [
        (["model=meso4_lstm"], "model.temporal.hiden_size=3", "did you mean model.temporal.hidden_size or"),
        (["model/temporal=lstm"], "model.temporal.hiden_size=3", "did you mean model.temporal.hidden_size or"),
        (["model=effnet"], "model.head.hidden_size=3", "no option has a similar name"),
        (["model=effnet"], "model.backbone.pretraned=false", "did you mean model.backbone.pretrained?"),
        (["data=ffpp", "model=effnet"], "data.compresion=c23", "did you mean data.compression or"),
        (["trainer=ddp"], "trainer.stategy=auto", "did you mean trainer.strategy?"),
        (["-m", "model=effnet,meso4", "seed=0,1"], "model.backbone.pretraned=a", "did you mean model.backbone.pret"),
        (
            ["-m", "model=meso4,effnet"],
            "model.head.hidden_size=3",
            "no option has a similar name",
        ),  # the second job lacks it
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_names_are_those_of_the_choices(
    arguments: list[str], refused: str, said: str, script: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    assert script("train", *arguments, refused) == 1
    name = refused.partition("=")[0]
    assert capfd.readouterr().err.startswith(f"error: this command has no option {name}; {said}")


@pytest.mark.parametrize("word", ["extraction", "training", "store", "finders"])
def test_a_benchmark_is_an_option_and_no_bare_word(word: str, script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("benchmark", word, "num_videos=1") == 1
    assert f"did you mean benchmark={word}?" in capfd.readouterr().err


@pytest.mark.parametrize("name", sorted(path.stem for path in (REPOSITORY / "scripts").glob("*.py")))
def test_every_script_does_so(name: str, script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script(name, "paths.data_dri=a") == 1
    error = capfd.readouterr().err.strip()
    assert error == "error: this command has no option paths.data_dri; did you mean paths.data_dir? (--help shows all)"


def test_a_node_that_is_no_choice_names_its_options(script: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert script("evaluate", "loader=default") == 1
    error = capfd.readouterr().err
    assert error.startswith(
        "error: loader is no choice of this command; its options are loader.batch_size, loader.num_w"
    )

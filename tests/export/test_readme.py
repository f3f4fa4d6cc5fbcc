"""The model card says what was measured and what was not, and no name in it is markup."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from deepfake.checkpoints import read_checkpoint
from deepfake.errors import ConfigError
from deepfake.export import facts_of, measured_runs, model_card
from deepfake.report.page.run_files import RunFiles
from deepfake.task import CARD
from tests.checkpoints.test_checkpoint import content

NUMBERS = """level,by,part,metric,value,low,high,interval,note,num_real,num_fake,resampled
video,all,,auc,0.9123,0.81,0.97,delong,,20,30,people
video,all,,tpr_at_fpr_0.001,,,,none,too few reals,20,30,people
video,method,a|b <img src=x>,auc,0.75,0.5,0.9,delong,,20,10,people
clip,all,,auc,0.6543,0.5,0.9,delong,,200,300,people
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Returns the folder of a run whose best checkpoint was measured."""
    folder = tmp_path / "run"
    (folder / "checkpoints").mkdir(parents=True)
    saved = content()
    torch.save(saved, folder / "checkpoints" / "best.ckpt")
    weights = {name: value + 1 for name, value in saved["state_dict"].items()}
    torch.save(
        {**saved, "state_dict": weights, CARD: {**saved[CARD], "digest": None}}, folder / "checkpoints/last.ckpt"
    )
    data = {"corpus": "demo", "protocol": "people apart", "coverage": {"test": {"videos": 51, "scored": 50}}}
    facts = {"metrics": {"test/video/auc": 0.9123}, "data": data, "checkpoint": "checkpoints/best.ckpt"}
    (folder / "metrics.json").write_text(json.dumps(facts))
    (folder / "numbers.csv").write_text(NUMBERS)
    (folder / "predictions.csv").write_text("video_id,label,method,track,start,score\na,0,real,0,0,0.5\n")
    return folder


def page(runs: list[RunFiles], why: str = "", **changes: Any) -> tuple[dict[str, Any], str]:
    card = {**content()[CARD], **changes}
    front, text = model_card(facts_of(card), ["model.onnx"], runs, why).removeprefix("---\n").split("\n---\n", 1)
    return yaml.safe_load(front), text


@pytest.mark.parametrize("facts", ['{"accuracy": 0.9}', "[]", "text", '{"metrics": [], "data": {}}'])
def test_numbers_of_another_program_are_refused_in_one_line(facts: str, run: Path) -> None:
    (run / "metrics.json").write_text(facts)
    with pytest.raises(ConfigError, match=r"metrics.json is no metrics.json of this project: move it, or give"):
        measured_runs(read_checkpoint(run / "checkpoints" / "best.ckpt"), None)


def test_texts_of_a_card_have_no_meaning(run: Path) -> None:
    card = content()[CARD]
    odd = "<img src=x onerror=alert(1)>"
    scoring = {**card["scoring"], "aggregation": odd}
    _, text = page([], "none", data={**card["data"], "fingerprint": odd}, scoring=scoring)
    assert odd not in text and text.count(r"\<img src=x onerror=alert(1)\>") == 2


def test_numbers_stand_there_with_their_intervals(run: Path) -> None:
    found, why = measured_runs(read_checkpoint(run / "checkpoints" / "best.ckpt"), None)
    assert why == "" and len(found) == 1
    front, text = page(found)
    assert "| AUC | 0.912 | 0.810 to 0.970 | 20 / 30 |" in text
    assert r"| AUC, a\|b \<img src=x\> | 0.750 | 0.500 to 0.900 | 20 / 10 |" in text
    assert "0.654" not in text and "tpr" not in text  # of clips, and what could not be measured
    assert "50 of 51 videos have a score; intervals take people to be independent" in text
    (result,) = front["model-index"][0]["results"]
    assert result["metrics"][0]["value"] == 0.9123 and result["dataset"]["split"] == "test"
    assert "license" not in front and "Whoever publishes these weights has to choose a licence" in text


def test_it_says_when_nothing_was_measured(tmp_path: Path) -> None:
    torch.save(content(), tmp_path / "a.ckpt")
    found, why = measured_runs(read_checkpoint(tmp_path / "a.ckpt"), None)
    front, text = page(found, why)
    assert found == [] and f"**There are none here**: {why}." in text and "model-index" not in front
    assert "no metrics.json of a run lies beside the checkpoint" in why.replace("\\", "")


def test_numbers_of_another_checkpoint_are_not_taken(run: Path) -> None:
    last = read_checkpoint(run / "checkpoints" / "last.ckpt")
    assert measured_runs(last, None) == (
        [], "the run's numbers are those of checkpoints/best.ckpt, which is another checkpoint",
    )  # fmt: skip
    with pytest.raises(ConfigError, match="runs=.*run measured checkpoints/best.ckpt, which is not .*last.ckpt"):
        measured_runs(last, [run])
    with pytest.raises(ConfigError, match="has no metrics.json"):
        measured_runs(last, [run / "checkpoints"])


def test_an_evaluation_of_a_copy_counts(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.ckpt"
    copy.write_bytes((run / "checkpoints" / "best.ckpt").read_bytes())
    found, _ = measured_runs(read_checkpoint(copy), [run])
    assert len(found) == 1


def test_names_have_no_meaning_in_markdown(run: Path) -> None:
    data = {**content()[CARD]["data"], "corpus": "<script>x</script>|\n# head", "protocol": "[a](http://b)"}
    _, text = page([], "none", data=data)
    assert "<script>" not in text and "\n# head" not in text and "[a](" not in text

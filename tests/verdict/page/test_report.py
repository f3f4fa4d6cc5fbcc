"""What stands on the page of verdicts, as text; `test_browser` opens it."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from deepfake.verdict import About, Because, ClipScore, Cut, DetectorScore, Explanation, FileResult, Verdict
from deepfake.verdict.page import card_html, card_style, write_report
from deepfake.verdict.page.report import MOST_CARDS
from deepfake.verdict.page.timeline import timeline
from deepfake.verdict.pictures import encoded
from tests.verdict.made import FACELESS, PERSON, SCORED

ABOUT = About("meso4", "It was trained on X.", "Its AUC is 0.9.", "Its scores are not calibrated.")
HOSTILE = '<img src=x onerror="window.ran=1">.mp4'
CLIPS = tuple(ClipScore(i, i, i / 25, (i + 1) / 25, score, (1, 2, 3, 4)) for i, score in ((10, 0.25), (100, 0.875)))
MAP = Explanation(True, 100, 4.0, 0.875, 0.5, 1.0, True, encoded(np.zeros((8, 8, 3), np.uint8)), "")


def text_of(html: str) -> str:
    html = re.sub(r"<script.*?</script>|<style.*?</style>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def result_with(**changes: object) -> FileResult:
    return replace(SCORED, persons=(replace(PERSON, clips=CLIPS, thumbnail="abc"),), **changes)  # type: ignore[arg-type]


def test_a_card_says_what_it_rests_on() -> None:
    card = card_html(result_with(path=HOSTILE, explanations=(MAP, replace(MAP, most=False, passes=False))), ABOUT)
    text = text_of(card)
    assert "<img src=x" not in card and text.startswith(HOSTILE)
    assert "Fake, by a score that is not calibrated" in text and "score is 0.750 of 1. It is not calibrated" in text
    assert "64 of 300 frames were looked at (2.6 of 12.0 seconds)" in text
    assert "frame 100 at 0:04.0, score 0.875. The check is passed" in text and "The check failed" in text
    assert all(sentence in text for sentence in ABOUT.limits) and 'src="data:image/webp;base64,abc"' in card
    assert "between 0.25 and 0.88, median 0.56; highest at 0:04.0" in card


def test_maps_stand_below_the_person_whom_they_are_of() -> None:
    persons = tuple(replace(PERSON, person=number) for number in (1, 2, 3))
    made = replace(SCORED, person=2, persons=persons)
    maps = [replace(MAP, person=number, most=most) for number in (2, 1) for most in (True, False)]
    text = text_of(card_html(replace(made, explanations=tuple(maps)), ABOUT))
    second, first = (text.index(f"Where the score of person {number} comes from") for number in (2, 1))
    assert second < first and text.count("Most suspicious") == text[second:].count("Most suspicious") == 2
    assert text[first:].count("Most suspicious") == 1 and "Of the other persons with a score no maps were made." in text
    whole = text_of(card_html(replace(made, persons=persons[:2], explanations=tuple(maps)), ABOUT))
    assert "Of the other persons" not in whole
    older = text_of(card_html(replace(made, persons=persons[:2], explanations=(MAP,)), ABOUT))
    assert "Where the score of person 2 comes from" in older and "no maps were made" in older


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (FACELESS, ["Inconclusive: no face", "No face in 64 frames.", "nothing about whether it was manipulated"]),
        (
            replace(SCORED, verdict=Verdict.STRONG_FAKE, calibrated=0.953, error_rate=0.041),
            ["Strong evidence of manipulation", "0.953 of 1 (the detector's own is 0.750)", "wrong for 4.1 %"],
        ),
        (
            replace(SCORED, verdict=Verdict.NOT_CONCLUSIVE, calibrated=0.5),
            ["Not conclusive", "Scores between 0.3 and 0.7 tell too little"],
        ),
        (
            replace(SCORED, verdict=Verdict.STRONG_REAL, calibrated=0.05),
            ["No val video had this verdict"],
        ),
    ],
)
def test_verdicts_in_words(result: FileResult, words: list[str]) -> None:
    text = text_of(card_html(result, ABOUT))
    assert all(each in text for each in words), text


def test_a_person_without_a_score_has_no_number_and_no_drawing() -> None:
    person = replace(PERSON, score=None, because=Because.FACE_TOO_SMALL, raw_score=0.654, clips=CLIPS)
    card = card_html(replace(SCORED, persons=(person,)), ABOUT)
    assert "inconclusive: face too small" in card and "0.654" not in card and "<svg" not in card


def test_several_detectors_have_a_table_and_a_drawing_each() -> None:
    both = (DetectorScore("a", 0.25, None, 1, 2, 0.25), DetectorScore("<b>", 0.875, None, 1, 1, 0.875))
    clips = tuple(
        replace(clip, scores=scores) for clip, scores in zip(CLIPS, ((0.25, None), (0.5, 0.875)), strict=True)
    )
    person = replace(PERSON, clips=clips, detectors=both)
    lacking = replace(
        person, person=2, score=None, because=Because.TOO_SHORT, verdict=Verdict.INCONCLUSIVE,
        detectors=(replace(both[0], score=0.125), replace(both[1], score=None, because=Because.TOO_SHORT)),
    )  # fmt: skip
    card = card_html(replace(SCORED, persons=(person, lacking), detectors=both), ABOUT)
    text = text_of(card)
    assert "Each detector by itself says of the file: a 0.250, <b> 0.875." in text and "<b>" not in card
    assert "detector score a 0.250 <b> 0.875 combined 0.750" in text
    assert "detector score a 0.125 <b> too short combined none" in text
    assert card.count("<svg") == 2  # none of the person without a combined score
    assert "P(fake) of 2 clips of person 1" in card and "P(fake) of 1 clips of person 1" in card
    assert "Each mark is a detector's own score of a clip" in text
    nothing = tuple(replace(one, score=None, because=Because.NO_FACE) for one in both)
    assert "Each detector by itself" not in card_html(replace(FACELESS, detectors=nothing), ABOUT)
    partly = replace(FACELESS, detectors=(both[0], replace(both[1], score=None, because=Because.TOO_SHORT)))
    assert "Each detector by itself says of the file: a 0.250, <b> too short." in text_of(card_html(partly, ABOUT))


def test_the_drawing_has_every_clip_and_of_many_the_extremes() -> None:
    line = timeline(replace(PERSON, clips=CLIPS), 10.0)
    assert line is not None and line.end == "0:10.0"
    assert line.real == "M40.0 75.0L44.0 75.0" and line.fake == "M400.0 12.5L404.0 12.5"
    scores = np.random.default_rng(0).random(20_000)
    many = tuple(ClipScore(i, i, i / 25, (i + 1) / 25, s, (1, 2, 3, 4)) for i, s in enumerate(scores.tolist()))
    line = timeline(replace(PERSON, clips=many), 800.0)
    assert line is not None
    ends = [float(y) for y in re.findall(r"[ML]\S+ ([\d.]+)", line.fake + line.real)]
    assert len(ends) == 1000 and min(ends) < 0.1 and max(ends) > 99.9
    assert timeline(replace(PERSON, clips=CLIPS), 0.0) is None


def test_windows_that_overlap_are_drawn_frame_by_frame() -> None:
    windows = tuple(ClipScore(i, i + 1, i / 25, (i + 2) / 25, s, (1, 2, 3, 4)) for i, s in ((10, 0.25), (11, 0.75)))
    line = timeline(replace(PERSON, clips=windows), 1.0, 25.0)
    assert line is not None and line.of_frames and line.fake == "M480.0 25.0L520.0 25.0"
    assert line.real == "M400.0 75.0L440.0 75.0M440.0 50.0L480.0 50.0"
    assert "P(fake) of 3 frames of person 1" in line.says and "highest at 0:00.4" in line.says
    card = card_html(replace(SCORED, fps=25.0, persons=(replace(PERSON, clips=windows),)), ABOUT)
    assert "the detector's own score of a frame, the mean of the windows around it." in text_of(card)


def test_cuts_are_lines_with_a_name() -> None:
    card = card_html(result_with(cuts=(Cut(75, 3.0), Cut(76, 3.04), Cut(150, 6.0))), ABOUT)
    assert re.findall(r'class="card-cut" d="([^"]*)"><title>([^<]*)<', card) == [
        ("M250.0 -6V106", "Cut at 0:03.0, frame 75"), ("M253.3 -6V106", "Cut at 0:03.0, frame 76"),
        ("M500.0 -6V106", "Cut at 0:06.0, frame 150"),
    ]  # fmt: skip
    assert "; 3 cuts" in card and "Dashed lines are cuts: at 0:03.0, 0:03.0, 0:06.0. Cuts between" in text_of(card)
    many = tuple(Cut(i, i / 25) for i in range(1, 300, 2))
    card = card_html(result_with(cuts=many, num_sampled=300), ABOUT)
    assert "and 138 more." in text_of(card) and "not marked" not in card
    crowded = timeline(replace(PERSON, clips=CLIPS), 800.0, 25.0, [Cut(i, i / 25) for i in range(20_000)])
    assert crowded is not None and len(crowded.cuts) == 500
    assert "No cut was seen." in text_of(card_html(result_with(cuts=()), ABOUT))
    assert "Where cuts are is not known." in text_of(card_html(result_with(), ABOUT))


def test_the_most_suspicious_come_first_and_the_rest_is_counted(tmp_path: Path) -> None:
    results = [(f"{i}.mp4", replace(SCORED, score=i / 200)) for i in range(MOST_CARDS + 5)]
    page = write_report([("none.mp4", FACELESS), *results], tmp_path, ABOUT, explain=False)
    text = text_of(page.read_text())
    assert f"Verdicts on {MOST_CARDS + 6} files" in text and "the other 6 stand in predictions.csv" in text
    assert text.index("104.mp4") < text.index("103.mp4") and "none.mp4" not in text
    assert f"{MOST_CARDS + 5} fake, 1 no face" in text and "explain=true" in text


def test_the_style_of_a_card_alone_touches_cards_alone() -> None:
    style = re.sub(r"@media[^{]*{", "", card_style())
    heads = [part.rpartition("}")[2].strip() for part in style.split("{")[:-1]]
    assert all(head.startswith((".card", ".dark .card", ".files", "#files")) for head in heads if head)


def test_pieces_of_one_person_stand_below_each_other() -> None:
    looks_like = {1: None, 2: None, 3: 1, 4: 2, 5: 2}
    persons = tuple(replace(PERSON, person=number, looks_like=like) for number, like in looks_like.items())
    card = card_html(replace(SCORED, persons=persons, person=4), ABOUT)
    text = text_of(card)
    assert "2 persons, in 5 pieces" in text and card.count('<li class="card-piece">') == 3
    said = ["Person 4 whose score is the file's", "Person 2 looks like person 4", "Person 5 looks like person 4"]
    said += ["Person 1 ", "Person 3 looks like person 1"]
    assert sorted(map(text.index, said)) == [text.index(each) for each in said]
    alone = text_of(card_html(replace(SCORED, persons=persons[:2]), ABOUT))
    assert "2 persons no picture Person 1" in alone and "pieces" not in alone and "look alike" not in alone

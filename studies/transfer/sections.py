"""What a reader sees: the matrix of pairs, whose merit it is, what the sets share, the paper."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from facsinterp import Section

from .figures import matrix, ways
from .pairs import ALPHA, AS_IS, DIFFERENCES, PIXELS, RETRAINED, UNTRAINED, WITHIN
from .published import ACCURACY, SOURCE, TITLES
from .sets import FaceSet
from .wording import behind, between, percent, points, span

COLUMNS: Final = {
    AS_IS: "as is",
    RETRAINED: "output layer re-trained",
    UNTRAINED: "the same, untrained features",
    PIXELS: "the same, small pictures",
    WITHIN: "trained on the set itself",
}


def matrix_section(accuracies: pd.DataFrame, classes: pd.DataFrame, sets: Sequence[FaceSet],
                   seeds: int) -> Section:  # fmt: skip
    """Heat maps and a row a pair and way."""
    return Section(
        title="Trained on one data set, asked about another",
        paragraphs=tuple(_matrix_words(accuracies, classes, sets, seeds)),
        table=_shown(accuracies),
        figure=matrix(accuracies) if len(accuracies) else None,
    )


def _matrix_words(
    accuracies: pd.DataFrame, classes: pd.DataFrame, sets: Sequence[FaceSet], seeds: int
) -> Iterator[str]:
    held = "; ".join(f"{one.label} ({one.corpus.title}) in {_folds(one)}" for one in sets)
    yield (
        f"Rows are what a network was trained on, columns whose held-out faces it names, from "
        f"{seeds} {'seed' if seeds == 1 else 'seeds'}. Held out: {held}. Each face is answered "
        "once a seed, on the diagonal by a network that was not trained on that person; where "
        "nobody knows whose faces they are, not on that image."
    )
    for one in sets:
        if one.noticed:
            yield f"{one.label}: {'. '.join(one.noticed)}."
    yield (
        "As is: the network with its own output layer; of the classes that both sets have the "
        "most probable one is its answer. Output layer re-trained: its last hidden features "
        "stay, and a new layer learns the other set's classes from that set's training people. "
        "Untrained features: the same new layer on a network that has learnt nothing. Breuer and "
        "Kimmel do not say which of the first two they did."
    )
    majority = span(accuracies["majority"]) if len(accuracies) else "–"
    yield (
        f"Always naming the commonest class scores {majority}. Intervals are 95 %, over people "
        "of the test set and, where there are several, over seeds; both count as drawn at random."
    )
    unknown = accuracies[~accuracies["known"]]["test"].unique() if len(accuracies) else ()
    if len(unknown):
        yield (
            f"Nobody knows whose faces those of {', '.join(unknown)} are: there images stand for "
            "people and count as independent, which they are not: intervals may be too short."
        )
    parts = classes[classes["faces left out"] > 0]
    for row in parts.to_dict("records"):
        yield (
            f"{row['train']} → {row['test']}: {row['faces left out']:,} faces of "
            f"{row['of test only']} are left out, which {row['train']} does not have."
        )
    for row in classes[classes["of train only"] != ""].to_dict("records"):
        if row["shared"]:
            yield (
                f"{row['train']} → {row['test']}: {percent(row['probability left out'])} of the "
                f"probability went to {row['of train only']}, which {row['test']} does not have, "
                "and is left out."
            )
    for row in classes[~classes["shared"].str.contains(",")].to_dict("records"):
        yield (
            f"{row['train']} → {row['test']} cannot be compared: the sets share "
            f"{row['shared'] or 'no class'}."
        )


def _folds(one: FaceSet) -> str:
    count = len(one.folds)
    return "one split" if count == 1 else f"{count} folds"


def _shown(accuracies: pd.DataFrame) -> pd.DataFrame:
    """A row a pair, each way with its interval."""
    rows = []
    for (train, test), some in accuracies.groupby(["train", "test"], sort=False):
        of = {row["way"]: row for row in some.to_dict("records")}
        plain = of[AS_IS]
        rows.append(
            {
                "trained on": train,
                "asked about": test,
                **{title: _with_bounds(of[way]) for way, title in COLUMNS.items()},
                "mean recall, as is": percent(plain["balanced"]),
                "commonest class": percent(plain["majority"]),
                "chance": percent(plain["chance"]),
                "faces": plain["faces"],
                "of": behind(plain),
            }
        )
    return pd.DataFrame(rows)


def _with_bounds(row: Mapping[Hashable, Any]) -> str:
    return f"{percent(row['accuracy'])} ({between(row['low'], row['high'])})"


def merit_section(accuracies: pd.DataFrame, differences: pd.DataFrame) -> Section:
    """Each pair's ways beside one another, and their differences."""
    rows = []
    for (train, test), some in differences.groupby(["train", "test"], sort=False):
        cells = {
            f"{row['of']} less {row['less']}": f"{points(row['difference'])} "
            f"({between(row['low'], row['high'])}){'*' if row['q'] <= ALPHA else ''}"
            for row in some.to_dict("records")
        }
        rows.append({"trained on": train, "asked about": test, **cells})
    return Section(
        title="What of the transfer is the other set's own training?",
        paragraphs=(
            "A re-trained output layer has learnt from people of the set that it is tested on. "
            "What it scores on features that were never trained, or on pictures made small, it "
            "owes to that training alone; only what lies above is carried over from the first set.",
            "Differences are in percentage points and paired: the same faces, the same people held "
            "out. Intervals and p count people (images, where nobody knows whose they are) and "
            "seeds as drawn at random; one is unknown where the difference varies with neither. "
            "Within: trained on the set itself. A star: corrected p "
            f"at most {ALPHA:g} (two-sided; Benjamini & Hochberg over the pairs of a column).",
            " ".join(
                f"{of[0].upper()}{of[1:]} less {less}: {what}."
                for (of, less), what in DIFFERENCES.items()
            ),
        ),
        table=pd.DataFrame(rows),
        figure=ways(accuracies),
    )


def leakage_section(leakage: pd.DataFrame) -> Section:
    """What the sets have in common."""
    rows = [
        {
            "trained on": row["train"],
            "asked about": row["test"],
            "faces asked about": row["faces"],
            "equal in every pixel": row["equal"],
            "like a copy": row["like"],
            "of these with another label": row["another label"],
            "names of subjects in both": row["subjects"],
            "as is without them": percent(row["without"])
            + (f" ({between(row['without low'], row['without high'])})" if row["like"] else ""),
        }
        for row in leakage.to_dict("records")
    ]
    known = sorted(set(leakage["known"].dropna().tolist()))
    return Section(
        title="What the data sets have in common",
        paragraphs=(
            "Counted are faces of the set asked about that have a copy anywhere in the other set: "
            "after preparing equal in every pixel, or alike (differing in at most 8 of 64 bits "
            "of a difference hash, and correlating by 0.99 or more when small). Faces drawn or "
            "photographed in one way can be alike without being copies.",
            "Not found are copies that are mirrored, turned, shifted or cropped otherwise, and one "
            "person under two names; a name that two sets share need not be one person.",
            *known,
        ),
        table=pd.DataFrame(rows),
    )


def published_section(accuracies: pd.DataFrame, sets: Sequence[FaceSet]) -> Section:
    """The paper's numbers, with ours beside where the sets are the same."""
    label = {one.corpus.source: one.label for one in sets}
    rows = [
        {
            "trained on": TITLES[train],
            "asked about": TITLES[test],
            "published, not run here": percent(value),
            **{
                f"here, of these faces, {way}": _ours(
                    accuracies, label.get(train), label.get(test), way
                )
                for way in (AS_IS, RETRAINED)
            },
        }
        for (train, test), value in ACCURACY.items()
    ]
    return Section(
        title="The published numbers",
        paragraphs=(
            f"{SOURCE}: published numbers, not run here. That rows are the sets trained on is "
            "inferred. Whether the output layer was re-trained, how classes were aligned (FER2013 "
            "has no contempt), and whether folds kept people apart is not said. A network of CK+ "
            "that names FER2013 almost as well as one trained on it is not credible as it is; a "
            "re-trained layer would explain it.",
            "Numbers from here are of the faces of this run. They stand beside a published one "
            "where they were read in the layout of that data set: other faces may be kept in it.",
        ),
        table=pd.DataFrame(rows),
    )


def _ours(accuracies: pd.DataFrame, train: str | None, test: str | None, way: str) -> str:
    for row in accuracies.to_dict("records"):
        if (row["train"], row["test"], row["way"]) == (train, test, way):
            return _with_bounds(row)
    return "–"

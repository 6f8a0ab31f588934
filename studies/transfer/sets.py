"""The data sets that are compared, each with its own folds, and why some cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp import (
    Corpus,
    FaceTable,
    Fault,
    InputError,
    Inputs,
    NetworkPart,
    changed_network,
    folds_of,
)
from facsinterp.facs import EXPRESSIONS

Changes = Mapping[str, Mapping[str, Any]]
"""Keys of `[network.train]` that are others for the faces of a name in `[also]`."""
# A network has one of them.
_HELD_OUT: Final = ("folds", "hold_out", "protocol")
OWN: Final = ""


@dataclass(frozen=True, eq=False)
class FaceSet:
    """One data set: its faces, and how networks are trained on it."""

    name: str
    """In `[also]`; empty for the definition's own."""
    label: str
    """For people."""
    corpus: Corpus
    part: NetworkPart
    """The definition's network with what `[params.train]` changes for this set."""
    deal: int
    """Seed of the folds."""

    @property
    def taught(self) -> FaceTable:
        """The faces with the classes that are learnt for expressions."""
        return folds_of(self.part, self.corpus, self.deal).taught

    @property
    def noticed(self) -> tuple[str, ...]:
        """What crosses the folds, or was left out so that it does not; a sentence a kind."""
        return folds_of(self.part, self.corpus, self.deal).noticed

    @property
    def folds(self) -> tuple[str, ...]:
        """Names of the folds."""
        return tuple(fold.name for fold in folds_of(self.part, self.corpus, self.deal).folds)

    @property
    def asked(self) -> NDArray[np.int64]:
        """Rows of the labelled faces that test in some fold, fold by fold."""
        shown = self.taught.column("expression")
        folds = folds_of(self.part, self.corpus, self.deal).folds
        rows = np.concatenate([fold.test for fold in folds])
        return np.asarray(rows[shown[rows] != ""], dtype=np.int64)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that label some face."""
        return ordered(set(self.taught.column("expression").tolist()) - {""})


def ordered(names: set[str]) -> tuple[str, ...]:
    """Class names: the usual ones in the order of CK+, then others by name."""
    return (*(one for one in EXPRESSIONS if one in names), *sorted(names - set(EXPRESSIONS)))


def sets_of(inputs: Inputs, changes: Changes) -> tuple[FaceSet, ...]:
    """All data sets of a definition, its own first.

    Raises InputError with every reason why they cannot be compared: pictures of another size
    or colour, folds that one of them does not have, changes for a set that is not there; or
    where the definition's network does not learn expressions.
    """
    network = _taught(inputs.network_part)
    faults = [*_strange(inputs, changes), *_unlike(inputs.corpora)]
    found = []
    for name, corpus in inputs.corpora.items():
        label = name or (corpus.source if corpus.source not in inputs.also else "own faces")
        try:
            part = _part(network, changes.get(name, {}))
            one = FaceSet(name, label, corpus, part, inputs.seed)
            found.append(one)
            faults.extend(_unusable(one))
        except InputError as error:
            faults.extend(_placed(error, name))
    InputError.raise_any(faults)
    return tuple(found)


def _taught(network: NetworkPart | None) -> NetworkPart:
    """The network, if every set can train it to name expressions."""
    if network is None or not network.learns or network.train is None:
        got = "a network that learns nothing here"
    elif network.train.labels != "expression":
        got = f"labels = {network.train.labels!r}"
    else:
        return network
    raise InputError(
        Fault(
            "transfer is asked of networks that learn expressions from each data set",
            where="network",
            expected="a [network.train] part with its usual labels, and no given weights",
            got=got,
        )
    )


def _part(network: NetworkPart, changes: Mapping[str, Any]) -> NetworkPart:
    if not changes:
        return network
    others = dict.fromkeys(_HELD_OUT) if set(_HELD_OUT) & set(changes) else {}
    return changed_network(network, train={**others, **changes})


def _unusable(one: FaceSet) -> Iterator[Fault]:
    """Why nothing can be learnt from a set."""
    if len(one.classes) < 2:
        yield Fault(
            "a data set has fewer than two classes",
            where=_where(one.name),
            expected="faces with two or more expressions",
            got=", ".join(one.classes) or "no face with an expression",
        )


def _strange(inputs: Inputs, changes: Changes) -> Iterator[Fault]:
    for name in changes:
        if name not in inputs.also:
            yield Fault(
                f"there are no other faces {name!r}",
                where=f"params.train.{name}",
                expected=", ".join(inputs.also) or "a name of [also.NAME]",
            )


def _unlike(corpora: Mapping[str, Corpus]) -> Iterator[Fault]:
    """A network takes pictures of one size and colour."""
    own = _shape(corpora[OWN])
    for name, corpus in corpora.items():
        if _shape(corpus) != own:
            yield Fault(
                "the faces are not prepared like those of [faces]",
                where=_where(name),
                expected=own,
                got=_shape(corpus),
                do=f"give [also.{name}] the size and colour of [faces]",
            )


def _shape(corpus: Corpus) -> str:
    shape = corpus.pixels.array.shape
    return f"{shape[1]} x {shape[2]} pixels, {'grey' if len(shape) == 3 else 'rgb'}"


def _placed(error: InputError, name: str) -> Iterator[Fault]:
    """The faults of a set, each with its place and a way out."""
    way = f"give [params.train.{name}] folds, hold_out or a protocol of these faces"
    for fault in error.inside(_where(name)).faults:
        do = "; or ".join(text for text in (fault.do, way if name else "") if text)
        yield Fault(fault.what, fault.where, fault.expected, fault.got, do)


def _where(name: str) -> str:
    return f"also.{name}" if name else "faces"

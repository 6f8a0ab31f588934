"""What can be asked of activations: faces of a filter, filters of a face, filters alike.

Nothing here knows where a store lies or how it was made. No answer holds more than a few
filters, or a block of images, in memory at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from facsinterp.activations.asking import (
    certain,
    examples,
    frames,
    groups,
    overview,
    similar,
    standing,
    summary,
    view,
)
from facsinterp.activations.asking.ranking import Mask, Names, Positions
from facsinterp.activations.keeping.layout import Layer, Precision
from facsinterp.errors import Fault, InputError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FILTER, IMAGE, FilterId
from facsinterp.provenance import Provenance

OnePer = Literal["sequence", "subject"]


class Queries(ABC):
    """Questions to `data`, whose variables docs/store-format.md tells."""

    path: Path | str
    data: xr.Dataset

    @property
    @abstractmethod
    def faces(self) -> FaceTable:
        """The faces that the network saw."""

    @property
    @abstractmethod
    def layers(self) -> tuple[Layer, ...]:
        """What is known of each layer."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What stands for the content."""

    @property
    @abstractmethod
    def precision(self) -> Precision:
        """How it was computed."""

    @property
    @abstractmethod
    def provenance(self) -> Provenance:
        """How it was made."""

    def __repr__(self) -> str:
        return overview.text(self)

    def _repr_html_(self) -> str:
        return overview.html(self)

    def where(
        self,
        *,
        au: int | Sequence[int] | None = None,
        present: bool = True,
        emotion: str | Sequence[str] | None = None,
        subject: str | Sequence[str] | None = None,
        sequence: str | Sequence[str] | None = None,
        split: str | Sequence[str] | None = None,
        phase: str | Sequence[str] | None = None,
    ) -> xr.DataArray:
        """Which faces meet all conditions: bool (image), for `within`; join with `&`, `|`, `~`.

        `au`: units that are all present, or with `present=False` all coded and absent. A
        face that was not coded for a unit is in neither group; `~where(au=12)` would count
        it as absent. Several names of one kind mean any of them.

        Raises InputError for names that the store does not have, and for an empty group.
        """
        names = {
            "expression": emotion,
            "subject": subject,
            "sequence": sequence,
            "split": split,
            "phase": phase,
        }
        mask = groups.members(self.faces, au, present, names)
        return xr.DataArray(mask, dims=IMAGE, coords={IMAGE: self.data[IMAGE].values}, name="group")

    def filter(self, which: FilterId | str, within: ArrayLike | None = None) -> view.FilterView:
        """One filter, to be asked and to be shown in a notebook.

        `within`: a boolean mask over the images, as `where` gives; everything is then told of
        these. Raises InputError when the store has no such filter, or `within` is no group.
        """
        images = self.data[IMAGE].values
        mask = np.ones(len(images), bool) if within is None else groups.checked(within, images)
        named = str(self.data[FILTER].values[self._position(which)])
        return view.FilterView(self, FilterId.parse(named), mask)

    def top(
        self,
        which: FilterId | str,
        n: int,
        one_per: OnePer | None = None,
        within: ArrayLike | None = None,
    ) -> xr.Dataset:
        """The images that a filter answers to most: dim rank, at most `n`, highest first.

        Variables: image, position (on the image axis), value, subject, sequence, and row, col
        (place of the peak in the layer's map) where the store has them. Equal values keep
        the order of the images. Images with a value that is not above zero are left out, so
        a dead filter has no list; nor has one with the same value everywhere. `one_per`:
        the best image of each sequence or subject only. `within`: a boolean mask over the
        images, as `where` gives; only these are listed. Whether a filter has the same value
        everywhere is judged over all images: one that gives equal values to a group alone
        has a list, in the order of the images.

        Attribute `tied_at_end`: how many images could have been listed that have the value of
        the last one; `tied_listed`: how many of these are. Where these differ, the position
        of the images decided who is listed.

        Raises InputError when the store has no such filter, `within` is no group, or the
        sweep was in bfloat16 and the list is not certain to be that of float32.
        """
        index, names, mask = self._asked(which, one_per, within)
        found = examples.strongest(self.data, index, n, names, mask)
        certain.refuse_uncertain_top(self.data, index, found, n, mask)
        return found

    def bottom(
        self,
        which: FilterId | str,
        n: int,
        one_per: OnePer | None = None,
        within: ArrayLike | None = None,
    ) -> xr.Dataset:
        """The images that a filter answers to least: dim rank, at most `n`, lowest first.

        As `top`, and a filter that has no list there has none here. Images for which the
        filter is silent are listed, since they are the weakest. Most filters are silent for
        many: see the attributes `tied_at_end` and `tied_listed` before taking the images of
        a list for evidence. `one_per`: the weakest image of each sequence or subject only.
        """
        certain.refuse_low_precision(self.data)
        index, names, mask = self._asked(which, one_per, within)
        return examples.weakest(self.data, index, n, names, mask)

    def examples(
        self,
        which: FilterId | str,
        bins: int = 5,
        per_bin: int = 5,
        one_per: OnePer | None = None,
        within: ArrayLike | None = None,
    ) -> xr.Dataset:
        """Images from the whole range of a filter's answers, not from its maximum alone.

        The answers above zero are cut into `bins` parts of as nearly equal size as ties
        allow: by midrank, so that equal values are never parted. Over dim bin (from 1, the
        strongest): `low`, `high`, `images`, and `share` of the images considered. Over dim
        rank: the variables of `top` and `of_bin`; of each bin the `per_bin` images nearest
        its middle by rank, ties by position, highest first. `one_per`: of each sequence or
        subject the image nearest the middle of each bin. Attributes: `considered`, the
        images of the group, and `silent`, those of them that are not above zero.

        A dead or constant filter has neither bins nor images.
        """
        certain.refuse_low_precision(self.data)
        index, names, mask = self._asked(which, one_per, within)
        return examples.by_quantile(
            self.data, index, bins=bins, per_bin=per_bin, groups=names, within=mask
        )

    def standing(self, image: str) -> xr.Dataset:
        """Where one face stands among all images, for every filter: dim filter.

        Variables: peak; percentile, 0 to 100, the share of images below it and half of
        those equal to it (the face is one of them); rank, one more than the images above
        it; constant, whether every image has the same peak; mean, row and col where the
        store has them. Reads all peaks. Raises InputError when there is no such image.
        """
        return standing.standing(self.data, self._image(image))

    def face(self, image: str) -> pd.DataFrame:
        """The filters that answer to one face, the most unusual answers first.

        Columns: filter, layer, channel and what `standing` gives. Filters whose peak is not
        above zero, or the same for every image, do not answer. Equal percentiles keep the
        order of the filters.
        """
        return standing.firing(self.standing(image))

    def correlated(
        self, which: FilterId | str, n: int = 10, method: similar.Method = "spearman"
    ) -> pd.DataFrame:
        """The `n` filters whose peaks over all images go with a filter's, highest first.

        Columns: filter, layer, channel, correlation (of midranks, or Pearson's), to 12
        decimals. Dead and constant filters have no correlation: they are left out, and have
        an empty table. Equal correlations keep the order of the filters.
        """
        return similar.correlated(self.data, self._position(which), n, method)

    def duplicates(
        self,
        threshold: float = 0.99,
        layer: str | None = None,
        method: similar.Method = "spearman",
    ) -> pd.DataFrame:
        """Pairs of filters, of a layer or of all, that correlate at least by `threshold`.

        Columns: filter, other, correlation; highest first. Time grows with the square of
        the filters, memory does not. Raises InputError for more than a million pairs.
        """
        return similar.duplicates(self.data, self._inside(layer), threshold, method)

    def summary(self, layer: str | None = None) -> pd.DataFrame:
        """One row a layer, or one row a filter of `layer`. Reads all its peaks.

        A filter: dead (no image above zero), constant (the same above zero for all),
        active_share (images above zero), peak_min, peak_q50, peak_q90, peak_q99, peak_max
        over the images. A layer: filters, dead, constant; over its filters that are not
        dead, the median, least and largest active_share, the median of each quantile, and
        the largest peak; size of its maps, receptive field and nonlinearity where known.
        """
        if layer is None:
            return summary.by_layer(self.data, self.layers)
        return summary.by_filter(self.data, self._inside(layer))

    def to_frame(
        self,
        filters: FilterId | str | Sequence[FilterId | str],
        columns: Sequence[str] | None = None,
        within: ArrayLike | None = None,
    ) -> pd.DataFrame:
        """One row an image: the image, what is known of the face, and each filter's peak.

        `columns`: of subject, sequence, frame, phase, expression, split, path ("" where not
        known) and AU1, AU12, ... (NA where not coded); all but path when left out. Raises
        InputError for unknown names, and for a table of more than 50 million cells.
        """
        several = [filters] if isinstance(filters, FilterId | str) else filters
        positions = [self._position(one) for one in several]
        mask = None if within is None else groups.checked(within, self.data[IMAGE].values)
        return frames.frame_of(self.data, self.faces, positions, columns, mask)

    def _asked(
        self, which: FilterId | str, one_per: OnePer | None, within: ArrayLike | None
    ) -> tuple[int, Names | None, Mask | None]:
        """Position of the filter, name of each image's group, and which may be listed."""
        if one_per not in {None, "sequence", "subject"}:
            raise InputError(
                Fault("unknown kind of list", expected="sequence, subject or None", got=one_per)
            )
        names = None if one_per is None else self.faces.column(one_per)
        mask = None if within is None else groups.checked(within, self.data[IMAGE].values)
        return self._position(which), names, mask

    def _image(self, name: str) -> int:
        found = np.flatnonzero(self.data[IMAGE].values == name)
        if not found.size:
            raise InputError(groups.unknown("image", name, name, self.faces.images.tolist()))
        return int(found[0])

    def _inside(self, layer: str | None) -> Positions:
        """Positions of the filters of one layer, or of all."""
        if layer is None:
            return np.arange(self.data.sizes[FILTER])
        names = self.data["layer"].values
        found = np.flatnonzero(names == layer)
        if not found.size:
            known = list(dict.fromkeys(names.tolist()))
            raise InputError(groups.unknown("layer", layer, layer, known))
        return found

    def _position(self, which: FilterId | str) -> int:
        name = _full_name(which)
        found = np.flatnonzero(self.data[FILTER].values == name)
        if not found.size:
            raise InputError(
                Fault(
                    "unknown filter",
                    where=str(self.path),
                    expected=", ".join(f"{one.name}/... ({one.filters})" for one in self.layers),
                    got=name,
                )
            )
        return int(found[0])


def _full_name(which: FilterId | str) -> str:
    """`conv3/017` also for `conv3/17`."""
    try:
        return str(FilterId.parse(str(which)))
    except ValueError:
        return str(which)

"""What lies where in the folder of a run, `reports/<name>/<id>/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

CONTROLS: Final = "controls"
CURVES: Final = "curves.json"
NETWORK: Final = "network.json"
PREDICTIONS: Final = "predictions.parquet"


@dataclass(frozen=True)
class RunFolder:
    """The places of one run's outputs, whether they are there yet or not."""

    path: Path

    @property
    def definition(self) -> Path:
        """The definition as it was written."""
        return self.path / "study.toml"

    @property
    def provenance(self) -> Path:
        """From what content, and by which versions, the run was made."""
        return self.path / "provenance.json"

    @property
    def inventory(self) -> Path:
        """What the data set holds, copies and crossings among them; older runs have none."""
        return self.path / "inventory.json"

    @property
    def store(self) -> Path:
        """What every filter answered to every face."""
        return self.path / "activations.zarr"

    @property
    def associations(self) -> Path:
        """Each filter's association with each action unit."""
        return self.path / "associations.zarr"

    @property
    def association_parts(self) -> Path:
        """Finished parts of associations that are not all there yet."""
        return self.path / "associations.parts"

    @property
    def visual(self) -> Path:
        """What can be seen of the filters: pictures, places, and doubts."""
        return self.path / "visual"

    @property
    def visual_parts(self) -> Path:
        """Finished parts of that which are not all there yet."""
        return self.path / "visual.parts"

    @property
    def tables(self) -> Path:
        """The study's result."""
        return self.path / "tables"

    @property
    def site(self) -> Path:
        """The pages."""
        return self.path / "site"

    def control(self, name: str) -> RunFolder:
        """A control that is no run of its own."""
        return RunFolder(self.path / CONTROLS / name)

    def network(self, fold: str) -> Path:
        """The network of one fold, its curves and its predictions."""
        return self.path / "network" / fold

    def of_folds(self, name: str) -> list[Path]:
        """The files of that name of each trained fold, the studied fold's first."""
        return sorted((self.path / "network").glob(f"*/{name}"))

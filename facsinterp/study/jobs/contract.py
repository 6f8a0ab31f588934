"""What a job is: a piece of a study's work that stands alone, such as one training in one fold.

    class Brightness(Job):
        "How bright the faces of one fold are."
        fold: str

        @property
        def name(self) -> str:
            return f"brightness of {self.fold}"

        def do(self, given: Given) -> None:
            corpus = given.corpora[self.corpus]
            ...
            table.to_parquet(given.folder / "brightness.parquet")

A study names its jobs in `Study.jobs`; they are done before `run`, here or by workers, in any
order but for `after`, and `Inputs.folder(job)` is what each left. The fields are all that
decides the outcome, beside the faces: jobs that are equal in both are done once, whichever study
or definition asks. On a CPU a job computes in one thread, so that its numbers do not
depend on how many are done at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict

from facsinterp.errors import PluginError
from facsinterp.provenance import fingerprint, installed_versions
from facsinterp.study.corpus import Corpus

OWN: Final = ""
"""The name of the definition's own faces, those of `[faces]`."""


@dataclass(frozen=True, eq=False)
class Given:
    """What a job gets."""

    folder: Path
    """An empty folder of the job's own, to write what it finds; it is kept when the job is done."""
    corpora: Mapping[str, Corpus]
    """The definition's own faces under "", those of `[also.NAME]` under their names."""
    device: str
    """Where networks run: cpu, cuda ..."""
    finished: Mapping[str, Path]
    """Folders of the jobs of `after`, by key; `of` finds one."""

    def of(self, job: Job) -> Path:
        """What a job of `after` left."""
        return folder_of(job, self.corpora, self.finished, "does not name it in `after`")


class Job(BaseModel, ABC):
    """A piece of work whose outcome depends on its fields and on the faces alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: ClassVar[int] = 1
    """Raise it when the same fields give another outcome, so that older ones are not taken."""
    corpus: str = OWN
    """The name in `[also]` of the faces that it works on; empty: the definition's own."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The job in a few words, for whoever waits for it."""

    @abstractmethod
    def do(self, given: Given) -> None:
        """Do it and write what was found to `given.folder`."""

    def after(self) -> tuple[Job, ...]:
        """Jobs that must be done before, and that `do` may read."""
        return ()

    def reads(self) -> tuple[str, ...]:
        """Names of all corpora that it looks at."""
        return (self.corpus,)

    @property
    def cost(self) -> int:
        """How long it takes, in any unit that all jobs of a study share."""
        return 1

    def content(self) -> dict[str, object]:
        """The fields that decide what is found. Names of corpora do not, their faces do."""
        return self.model_dump(mode="json", exclude={"corpus"})

    def serves(self, folder: Path) -> bool:
        """Whether what an equal job left in a folder is all that this one would leave."""
        return folder.is_dir()

    def leaves_more_than(self, other: Job) -> bool:  # noqa: ARG002 - most leave the same
        """Whether it leaves what an equal job does not; of equal jobs the fuller one is done."""
        return False

    def key(self, corpora: Mapping[str, Corpus]) -> str:
        """Equal for equal work: the same job, fields and faces, by the same versions."""
        kind = type(self)
        return fingerprint(
            f"{kind.__module__}:{kind.__qualname__}",
            self.version,
            self.content(),
            [corpora[name].fingerprint for name in self.reads()],
            [job.key(corpora) for job in self.after()],
            _versions(),
        )


@cache
def _versions() -> dict[str, str]:
    return installed_versions()


def folder_of(
    job: Job, corpora: Mapping[str, Corpus], finished: Mapping[str, Path], missing: str
) -> Path:
    """The folder of a finished job. `missing`: what was not done when it is not among them."""
    key = job.key(corpora)
    if key not in finished:
        message = f"{job.name!r} was not done before: whoever reads it {missing}"
        raise PluginError(message)
    return finished[key]

"""Jobs that are quick, importable by workers, and leave a trace of being done."""

import os
from pathlib import Path

from facsinterp.study.jobs.contract import Job


class Counted(Job):
    """Writes its number, and a line to a file that all share."""

    number: int
    trace: str
    before: tuple["Counted", ...] = ()
    fails: bool = False
    kept: bool = True

    @property
    def name(self):
        return f"number {self.number}"

    def content(self):
        return self.model_dump(mode="json", exclude={"corpus", "trace", "fails", "kept", "before"})

    def after(self):
        return self.before

    def serves(self, folder):
        return super().serves(folder) and (not self.kept or (folder / "kept").is_file())

    def leaves_more_than(self, other):
        return self.kept and not other.kept

    def do(self, given):
        with open(self.trace, "a", encoding="utf-8") as file:
            file.write(f"{self.number} {os.getpid()}\n")
        if self.fails:
            raise ValueError(f"number {self.number} cannot be done")
        found = [int((given.of(one) / "number").read_text()) for one in self.before]
        pixels = int(given.corpora[self.corpus].pixels.array[0, 0, 0])
        (given.folder / "number").write_text(str(self.number + sum(found)))
        (given.folder / "pixel").write_text(str(pixels))
        if self.kept:
            (given.folder / "kept").write_text("yes")


def traced(path: Path) -> list[int]:
    """The numbers of the jobs that were done, in order."""
    return [int(line.split()[0]) for line in path.read_text().splitlines()]

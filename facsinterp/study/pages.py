"""Whether the pages of a run are those that would be written now.

They follow from what the run and its controls hold, and from the code that writes them.
"""

from __future__ import annotations

from pathlib import Path

import facsinterp
from facsinterp.provenance import Provenance, fingerprint
from facsinterp.study.beside import place_of
from facsinterp.study.derived import others
from facsinterp.study.folder import RunFolder
from facsinterp.study.ledger import Ledger
from facsinterp.study.spec import StudySpec


def site_key(spec: StudySpec, run: RunFolder, made: Provenance) -> str:
    """Changes with the result, with the controls that are there, and with any code.

    `made`: of the run. Only small files are read.
    """
    controls = {}
    for member in others(spec):
        place = place_of(spec, member, run)
        controls[member.name] = Ledger(place.path).keys().get(place.associations.name)
    return fingerprint(
        made.key, controls, _contents(run.tables), _contents(Path(facsinterp.__file__).parent)
    )


def _contents(folder: Path) -> dict[str, str]:
    """The fingerprint of every file below a folder, by its place there."""
    return {
        str(file.relative_to(folder)): fingerprint(file.read_bytes())
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".pyc"
    }

"""The associations of a run, computed once for a store and its settings."""

from __future__ import annotations

from facsinterp.activations.store import ActivationStore
from facsinterp.amounts import amount
from facsinterp.association.associate import associate
from facsinterp.association.table import FORMAT, Associations
from facsinterp.errors import DataError, Fault, StoreError
from facsinterp.faces.table import FaceTable
from facsinterp.provenance import fingerprint
from facsinterp.study.folder import RunFolder
from facsinterp.study.ledger import Ledger, discard
from facsinterp.study.spec import StudySpec
from facsinterp.study.work import Work


def require_codes(faces: FaceTable, title: str) -> None:
    """Raise DataError where no face has a code: told before a network is trained for nothing."""
    if faces.data["coded"].values.any():
        return
    raise DataError(
        Fault(
            "the study asks which action units filters answer to, and no face is coded for any",
            where=title,
            expected="faces with FACS codes",
            got=f"{amount(len(faces), 'face')} without a code",
            do="choose faces that are coded, or a study that needs no codes, such as dead-filters",
        )
    )


def counting_device(device: str) -> str:
    """Where shuffles are counted when networks run on `device`: there on CUDA, else the processor.

    Metal has no exact sums of whole numbers.
    """
    return device if device.startswith("cuda") else "cpu"


def associated(
    spec: StudySpec, store: ActivationStore, folder: RunFolder, work: Work
) -> Associations:
    """The associations of this store; those made from other content are computed again.

    Finished parts are kept in the folder of the run until all are there.
    """
    path, ledger, progress = folder.associations, Ledger(folder.path), work.progress
    key = fingerprint(store.key, dict(spec.association), spec.seed, FORMAT)
    if ledger.has(path.name, key):
        try:
            found = Associations.open(path)
        except StoreError as error:
            progress.say(f"associations: computed again, since {error}")
        else:
            progress.say("associations: already computed")
            return found
    found = associate(
        store,
        spec.settings,
        progress,
        device=counting_device(work.device),
        crew=work.crew,
        scratch=folder.association_parts,
    )
    discard(path)
    found.save(path)
    ledger.mark(path.name, key)
    discard(folder.association_parts)
    return found

"""DISFA+: pictures by trial, joined to label files that are spelt and nested in two ways."""

import shutil

import numpy as np
import pytest

from facsinterp.errors import DataError
from facsinterp.faces.drawn import take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import write
from facsinterp.faces.sources.disfaplus import SOURCE, DisfaPlusOptions
from facsinterp.testing import SourceContract

CAST = Cast(people=2, sequences=2, pixels=32)
UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
TRIALS = ("A1_AU1_TrailNo_1", "A2_AU2_TrailNo_1")
CLIPS = {
    f"{subject}_{trial}": (person, number)
    for person, subject in ((1, "SN001"), (2, "SN003"))
    for number, trial in enumerate(TRIALS, start=1)
}


def read(root, **options):
    return SOURCE.read(root, DisfaPlusOptions(**options))


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write("disfaplus", tmp_path_factory.mktemp("plain") / "DISFA+", CAST, ())


@pytest.fixture
def root(plain, tmp_path):
    """A copy that a test may spoil."""
    return shutil.copytree(plain, tmp_path / "DISFA+")


def with_quirk(name, tmp_path):
    return write("disfaplus", tmp_path / "DISFA+", CAST, (name,))


def letters(sequence):
    """(frame, unit): what was drawn, by the drawing alone."""
    shown = take(*CLIPS[sequence], 0, 0.35)
    frames = [shown.frame(n) for n in (1, 3, 5, 6, 8)]
    return np.array([[frame.letter(unit) for unit in UNITS] for frame in frames], np.float32)


def of(faces, sequence, name):
    return faces.data[name].values[faces.column("sequence") == sequence]


class TestContractWithEveryQuirk(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("disfaplus", tmp_path_factory.mktemp("quirks") / "DISFA+", CAST)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, plain):
        return plain


def test_what_was_drawn_comes_back(plain):
    faces = read(plain)
    assert faces.units == UNITS
    assert list(dict.fromkeys(faces.column("sequence").tolist())) == list(CLIPS)
    for sequence in CLIPS:
        np.testing.assert_array_equal(of(faces, sequence, "intensity"), letters(sequence))
        np.testing.assert_array_equal(of(faces, sequence, "present"), letters(sequence) > 0)
        assert of(faces, sequence, "coded").all()
        assert of(faces, sequence, "frame").tolist() == [0, 1, 2, 3, 4]
        subject, _, trial = sequence.partition("_")
        assert set(of(faces, sequence, "subject").tolist()) == {subject}
        assert of(faces, sequence, "path")[2] == f"Images/{subject}/{trial}/002.jpg"
    assert faces.images[0] == "SN001_A1_AU1_TrailNo_1_000"
    assert faces.found.counts["images"] == 20
    assert faces.found.skipped == ()


def test_its_people_are_also_in_disfa(plain):
    (warning,) = read(plain).found.warnings
    assert "SN001, SN003" in warning
    assert "never train on one and test on the other" in warning


def same_but_for_spelling(quirk, tmp_path, plain):
    faces = read(with_quirk(quirk, tmp_path))
    assert faces.fingerprint == read(plain).fingerprint
    assert faces.found.warnings == read(plain).found.warnings


def test_quirk_padded_names(tmp_path, plain):
    same_but_for_spelling("padded-names", tmp_path, plain)


def test_quirk_nested(tmp_path, plain):
    same_but_for_spelling("nested", tmp_path, plain)


def test_quirk_comments(tmp_path, plain):
    same_but_for_spelling("comments", tmp_path, plain)


def test_quirk_fewer_frames(tmp_path, plain):
    faces = read(with_quirk("fewer-frames", tmp_path))
    first, *others = CLIPS
    assert of(faces, first, "frame").tolist() == [0, 1, 2, 3], "frames that every file holds"
    np.testing.assert_array_equal(of(faces, first, "intensity"), letters(first)[:4])
    assert all(len(of(faces, other, "frame")) == 5 for other in others)
    assert any("not every label file holds" in w for w in faces.found.warnings)


def test_quirk_missing_picture(tmp_path):
    faces = read(with_quirk("missing-picture", tmp_path))
    second = list(CLIPS)[1]
    assert of(faces, second, "frame").tolist() == [0, 2, 3, 4]
    np.testing.assert_array_equal(of(faces, second, "intensity"), letters(second)[[0, 2, 3, 4]])
    (skipped,) = faces.found.skipped
    assert skipped == ("Labels/SN001/A2_AU2_TrailNo_1", "1 coded frames have no picture")


def test_quirk_uncoded_picture(tmp_path, plain):
    faces = read(with_quirk("uncoded-picture", tmp_path))
    assert faces.fingerprint == read(plain).fingerprint
    assert any("no label file names: 1 (Labels/SN003" in w for w in faces.found.warnings)


def test_quirk_labels_only(tmp_path):
    faces = read(with_quirk("labels-only", tmp_path))
    last = list(CLIPS)[-1]
    assert last not in faces.column("sequence")
    (skipped,) = faces.found.skipped
    assert skipped[0] == "Labels/SN003/A2_AU2_TrailNo_1"
    assert "no pictures of this trial" in skipped[1]


def test_quirk_both_spellings(tmp_path, plain):
    faces = read(with_quirk("both-spellings", tmp_path))
    second, *_ = [sequence for sequence in CLIPS if sequence == "SN001_A2_AU2_TrailNo_1"]
    coded = of(faces, second, "coded")
    assert len(coded) == 5, "it costs no frame"
    assert coded.all(axis=0).tolist() == [unit != 1 for unit in UNITS]
    place = "Labels/SN001/A2_AU2_TrailNo_1"
    reason = "another file of the same unit says something else"
    assert faces.found.skipped == ((f"{place}/AU01.txt", reason), (f"{place}/AU1.txt", reason))


def test_label_files_that_say_the_same_in_two_spellings(root, plain):
    folder = root / "Labels/SN001/A1_AU1_TrailNo_1"
    (folder / "AU06.txt").write_text("# the same\n" + (folder / "AU6.txt").read_text())
    faces = read(root)
    assert faces.fingerprint == read(plain).fingerprint
    assert any("several label files, which say the same: 1" in w for w in faces.found.warnings)


def test_quirk_two_endings(tmp_path, plain):
    root = with_quirk("two-endings", tmp_path)
    assert (root / "Images/SN003/A1_AU1_TrailNo_1/000.png").is_file()
    faces = read(root)
    assert faces.column("path").tolist() == read(plain).column("path").tolist()
    assert any(
        "the first by name is taken: 1" in w and "000.png" in w for w in faces.found.warnings
    )


def test_a_unit_counts_from_the_intensity_that_is_asked_for(plain):
    every, strong = read(plain), read(plain, occurrence=3)
    drawn = np.concatenate([letters(sequence) for sequence in CLIPS])
    assert ((drawn > 0) & (drawn < 3)).any()
    np.testing.assert_array_equal(strong.data["present"].values, drawn >= 3)
    assert strong.data["coded"].values.all()
    weak = (drawn > 0) & (drawn < 3)
    np.testing.assert_array_equal(
        strong.data["intensity"].values, np.where(weak, np.nan, drawn).astype(np.float32)
    )
    counts = [faces.found.counts["AU12 frames"] for faces in (every, strong)]
    assert counts == [int((drawn[:, 6] >= n).sum()) for n in (1, 3)]


def test_quirk_landmarks(tmp_path):
    from scipy.io import loadmat

    root = with_quirk("landmarks", tmp_path)
    file = root / "FaceLandmarks/SN001/A1_AU1_TrailNo_1_FaceCropped.mat"
    cells = loadmat(file, squeeze_me=True, struct_as_record=False)["FaceImg_CropResize"]
    assert len(cells) == 5
    assert cells[3].imgID == "003.jpg"
    assert cells[3].LndPntCropped.shape == (49, 2)
    faces = read(root)
    assert "landmarks" not in faces.data
    assert any("FaceLandmarks is not read" in w for w in faces.found.warnings)


def test_quirk_label_noise(tmp_path):
    faces = read(with_quirk("label-noise", tmp_path))
    off = np.concatenate([of(faces, s, "intensity") - letters(s) for s in CLIPS])
    assert set(np.unique(off).tolist()) <= {-1, 0, 1}
    assert 0 < (off != 0).mean() < 0.2


def test_a_unit_without_a_file_is_not_coded_and_costs_no_frame(root):
    (root / "Labels/SN001/A1_AU1_TrailNo_1/AU6.txt").unlink()
    faces = read(root)
    coded = of(faces, "SN001_A1_AU1_TrailNo_1", "coded")
    assert coded.all(axis=0).tolist() == [unit != 6 for unit in UNITS]
    assert len(coded) == 5


def test_trials_without_labels_are_told(root):
    shutil.rmtree(root / "Labels/SN001/A1_AU1_TrailNo_1")
    faces = read(root)
    assert len(faces) == 15
    assert any("without labels: 1 (SN001/a1_au1_trailno_1)" in w for w in faces.found.warnings)


def refused(root):
    with pytest.raises(DataError) as raised:
        read(root)
    return str(raised.value)


def test_swapped_folders_are_refused(root):
    (root / "Images").rename(root / "x")
    (root / "Labels").rename(root / "Images")
    (root / "x").rename(root / "Labels")
    told = refused(root)
    assert "no frame of DISFA+ has both a picture and labels" in told
    assert "the two folders are swapped" in told


def test_one_half_alone_is_refused(root):
    shutil.rmtree(root / "Labels/SN001")
    (root / "Images/SN001").rename(root / "Images/SN009")
    shutil.rmtree(root / "Images/SN003")
    told = refused(root)
    assert "2 trials in Images, 2 in Labels" in told
    assert "unpack pictures and labels of the same subjects" in told
    (root / "Images.zip").write_bytes(b"PK")
    shutil.rmtree(root / "Images")
    told = refused(root)
    assert "this is not DISFA+" in told
    assert "unpack Images.zip" in told


def test_a_tree_of_disfa_is_not_disfaplus(tmp_path):
    (tmp_path / "ActionUnit_Labels/SN001").mkdir(parents=True)
    told = refused(tmp_path)
    assert "Images/SN001/<trial>/000.jpg" in told
    assert "ActionUnit_Labels/" in told


def test_label_files_of_another_subject_are_refused(root):
    for file in (root / "Labels/SN001/A1_AU1_TrailNo_1").iterdir():
        file.rename(file.with_name(f"SN009_{file.name}"))
    told = refused(root)
    assert "12 label files lie in the folder of another subject" in told
    assert "SN009_AU1.txt" in told


def test_a_subject_without_trials_is_told(root):
    (root / "Labels/SN007").mkdir()
    assert read(root).found.skipped == (("Labels/SN007", "no folders of trials in it"),)


def test_trials_without_labels_are_told_in_order(root):
    names = [f"b{k}" for k in range(8)]
    for name in names:
        (root / "Images/SN001" / name).mkdir()
    (told,) = [w for w in read(root).found.warnings if "without labels" in w]
    assert "8 (SN001/b0, SN001/b1, SN001/b2, SN001/b3, SN001/b4, ...)" in told


def test_terms(root):
    assert read(root).terms.may_show("SN001")
    (root / "LICENSE.txt").unlink()
    assert not read(root).terms.may_show("SN001")
    assert read(root, showable="all").terms.may_show("SN001")

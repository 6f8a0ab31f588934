"""TFD: one choice of rows for all columns, five official folds, what is unknown stays unknown."""

from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.io import loadmat, savemat

from facsinterp.errors import DataError
from facsinterp.faces.drawn import take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.sources.tfd import SOURCE, TfdOptions
from facsinterp.testing.source import SourceContract

CAST = Cast()
LABELLED = CAST.people * CAST.sequences
COUNT = 24 * LABELLED
PARTS = np.array(["", "train", "validation", "test"])


def read(root, **options):
    return SOURCE.read(root, TfdOptions(**options))


def opened(root, faces, **options):
    paths = faces.column("path").tolist()
    return list(SOURCE.pictures(root, TfdOptions(**options)).open(paths))


def frame(row):
    """What row `row` was drawn to show."""
    row %= LABELLED
    shown = take(row // CAST.sequences + 1, row % CAST.sequences + 1, CAST.seed, 0.0)
    return shown.frame(1 if row % 5 == 4 else 8)


def rows_of(faces):
    return np.array([int(image.rpartition("-")[2]) for image in faces.images])


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    return write("tfd", tmp_path_factory.mktemp("every") / "TFD", CAST)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write("tfd", tmp_path_factory.mktemp("plain") / "TFD", CAST, ())


@pytest.fixture
def tree(tmp_path):
    return lambda *quirks: write("tfd", tmp_path / "TFD", CAST, quirks)


@pytest.fixture
def by_hand(tmp_path):
    """A function that saves a small matrix with other variables than usual."""

    def save(size=48, **other):
        images = np.random.default_rng(0).integers(0, 256, (6, size, size), dtype=np.uint8)
        variables = {
            "images": images,
            "labs_ex": np.array([[1], [-1], [2], [3], [-1], [7]], np.int16),
            "labs_id": np.array([[5], [-1], [5], [9], [2], [-1]], np.int16),
            "folds": np.array([[1] * 5, [0] * 5, [1] * 5, [3] * 5, [0] * 5, [2] * 5], np.uint8),
        }
        kept = {name: value for name, value in (variables | other).items() if value is not None}
        savemat(tmp_path / f"TFD_{size}x{size}.mat", kept)
        return tmp_path

    return save


class TestContract(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, every):
        return every


class TestContractWithAll(TestContract):
    options: ClassVar[dict[str, Any]] = {"unlabelled": True, "matrix": 96}


class TestContractWithoutQuirks(TestContract):
    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, plain):
        return plain


def test_what_was_drawn_comes_back(plain):
    faces = read(plain)
    rows = rows_of(faces)
    assert len(faces) == LABELLED
    assert faces.column("expression").tolist() == [frame(row).expression for row in rows]
    assert faces.column("subject").tolist() == [str(int(frame(row).subject[1:])) for row in rows]
    images = loadmat(plain / "TFD_48x48.mat")["images"]
    np.testing.assert_array_equal(opened(plain, faces), images[rows])
    assert faces.units == ()


def test_the_five_official_folds(every):
    faces = read(every)
    official = faces.data["official"].values.astype(str)
    assert official.shape == (LABELLED, 5)
    folds = loadmat(every / "TFD_48x48.mat")["folds"]
    np.testing.assert_array_equal(official, PARTS[folds[rows_of(faces)]])
    assert set(faces.column("split")) == {""}
    assert not any("also trains" in warning for warning in faces.found.warnings)


def test_unlabelled_faces_when_asked(every):
    faces = read(every, unlabelled=True)
    assert len(faces) == COUNT
    assert rows_of(faces).tolist() == list(range(COUNT))
    without = faces.column("expression") == ""
    assert without.sum() == COUNT - LABELLED
    assert (faces.data["official"].values.astype(str)[without] == "").all()
    np.testing.assert_array_equal(opened(every, faces), loadmat(every / "TFD_48x48.mat")["images"])


def test_quirk_both_sizes(tree, plain):
    root = tree("both-sizes")
    small, large = read(root), read(root, matrix=96)
    assert small.fingerprint == large.fingerprint
    assert small.column("path")[0].startswith("TFD_48x48.mat#")
    assert large.column("path")[0].startswith("TFD_96x96.mat#")
    assert opened(root, large, matrix=96)[0].shape == (96, 96)
    (root / "TFD_48x48.mat").unlink()
    assert read(root).column("path")[0].startswith("TFD_96x96.mat#"), "the one that is there"
    with pytest.raises(DataError, match="not there in this size"):
        read(plain, matrix=96)


def test_quirk_labels_in_a_column(tree, plain):
    root = tree("labels-in-a-column")
    assert loadmat(root / "TFD_48x48.mat")["labs_ex"].shape == (COUNT, 1)
    assert loadmat(plain / "TFD_48x48.mat")["labs_ex"].shape == (1, COUNT)
    assert read(root).fingerprint == read(plain).fingerprint


def test_quirk_labelled_rows_scattered(tree):
    root = tree("labelled-rows-scattered")
    faces = read(root)
    rows = rows_of(faces)
    assert (np.diff(rows) > 1).any()
    assert rows.max() > 2 * LABELLED
    matrix = loadmat(root / "TFD_48x48.mat")
    np.testing.assert_array_equal(rows, np.flatnonzero(matrix["labs_ex"].ravel() > 0))
    assert faces.column("expression").tolist() == [frame(row).expression for row in rows]
    assert faces.column("subject").tolist() == [str(int(frame(row).subject[1:])) for row in rows]
    np.testing.assert_array_equal(opened(root, faces), matrix["images"][rows])
    official = faces.data["official"].values.astype(str)
    np.testing.assert_array_equal(official, PARTS[matrix["folds"][rows]])


def test_quirk_identities_unknown(tree):
    faces = read(tree("identities-unknown"))
    unknown = faces.column("subject") == ""
    assert unknown.sum() == LABELLED // 4
    assert any(f"not known for {LABELLED // 4} of" in w for w in faces.found.warnings)
    assert "-1" not in faces.column("subject")


def test_quirk_identities_not_contiguous(tree):
    faces = read(tree("identities-not-contiguous"))
    numbers = [7 * int(frame(row).subject[1:]) + 3 for row in rows_of(faces)]
    assert faces.column("subject").tolist() == [str(number) for number in numbers]
    assert faces.found.counts["subjects"] == len(set(numbers))


def test_quirk_cohn_kanade_pictures(tree, plain):
    faces = read(tree("cohn-kanade-pictures"))
    inside = sum(int(frame(row).subject[1:]) % 3 == 0 for row in rows_of(faces))
    (said,) = [w for w in faces.found.warnings if "CK/CK+" in w]
    assert said.startswith(f"{inside} of {LABELLED} faces come from CK/CK+")
    assert faces.found.counts["from dfat"] > inside, "counted over unlabelled rows as well"
    assert not any("CK/CK+" in warning for warning in read(plain).found.warnings)


def test_quirk_bad_identities_file(tree):
    faces = read(tree("bad-identities-file"))
    assert len(faces) == LABELLED
    assert any("tfd_bad_ids.mat" in warning for warning in faces.found.warnings)


def test_every_quirk_of_the_layout_has_its_test():
    tested = {name.removeprefix("test_quirk_") for name in globals() if "test_quirk_" in name}
    assert tested == {name.replace("-", "_") for name in layout("tfd").quirks}


def test_without_names_nobody_knows_of_cohn_kanade(by_hand):
    root = by_hand()
    assert any("without TFD_info.mat" in w for w in read(root).found.warnings)
    names = np.array([["dfat_1"], ["kdef_2"]], dtype=object)
    savemat(root / "TFD_info.mat", {"tfd_info": {"imfiles": names}})
    assert any("names a row each" in w for w in read(root).found.warnings)


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("dfat_S010_001.png", "dfat"),
        ("DFAT-x", "dfat"),
        ("tfd/images\\kdef_AF01.jpg", "kdef"),
        ("cafe_1", "cafe"),
        ("cad_1", "cad"),
        ("holiday.png", "other"),
        ("", "other"),
    ],
)
def test_origins_of_names(by_hand, name, origin):
    root = by_hand()
    names = np.array([[name]] * 6, dtype=object)
    savemat(root / "TFD_info.mat", {"tfd_info": {"imfiles": names}})
    assert read(root).found.counts[f"from {origin}"] == 6


def test_a_small_matrix_by_hand(by_hand):
    faces = read(by_hand())
    assert faces.images.tolist() == ["tfd-000000", "tfd-000002", "tfd-000003", "tfd-000005"]
    assert faces.column("expression").tolist() == ["anger", "disgust", "fear", "neutral"]
    assert faces.column("subject").tolist() == ["5", "5", "9", ""]
    official = faces.data["official"].values.astype(str)[:, 0].tolist()
    assert official == ["train", "train", "test", "validation"]
    expected = {"images": 6, "labelled": 4, "unlabelled": 2, "subjects": 2}
    assert expected.items() <= faces.found.counts.items()


def test_labels_that_mean_nothing_are_no_labels(by_hand):
    labels = np.array([[1], [0], [8], [np.nan], [2.5], [7]])
    faces = read(by_hand(labs_ex=labels))
    assert faces.column("expression").tolist() == ["anger", "neutral"]
    assert any(w.startswith("2 rows have labels other than") for w in faces.found.warnings)


def test_a_person_on_both_sides_of_a_fold_is_told(by_hand):
    folds = np.array([[1] * 5, [0] * 5, [3] * 5, [3] * 5, [0] * 5, [2] * 5], np.uint8)
    faces = read(by_hand(folds=folds))
    said = [w for w in faces.found.warnings if "also trains" in w]
    assert len(said) == 5
    assert "official fold 1 tests 1 people" in said[0]
    assert "(5)" in said[0]


def test_strange_parts_are_no_parts(by_hand):
    folds = np.array([[9] * 5, [1] * 5, [1] * 5, [3] * 5, [0] * 5, [2] * 5], np.uint8)
    faces = read(by_hand(folds=folds), unlabelled=True)
    official = faces.data["official"].values.astype(str)[:, 0].tolist()
    assert official == ["", "", "train", "test", "", "validation"]
    assert any("1 labelled rows have no part" in w for w in faces.found.warnings)
    assert any("1 rows without a label have a part" in w for w in faces.found.warnings)


def test_missing_variables_are_named_together(by_hand):
    with pytest.raises(DataError, match="labs_ex, folds") as caught:
        read(by_hand(labs_ex=None, folds=None))
    (fault,) = caught.value.faults
    assert "labs_id" in fault.got
    assert fault.where == "TFD_48x48.mat"


def test_variables_that_do_not_fit_are_named_together(by_hand):
    root = by_hand(
        images=np.zeros((6, 48, 48)), labs_id=np.zeros((5, 1)), folds=np.zeros((5, 6), np.uint8)
    )
    with pytest.raises(DataError) as caught:
        read(root)
    places = [fault.where.partition(" ")[0] for fault in caught.value.faults]
    assert places == ["images", "labs_id", "folds"]
    assert "uint8" in caught.value.faults[0].expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(600), ("version 7.3", "'-v7'")),
        (b"\x89HDF\r\n\x1a\n".ljust(600), ("version 7.3", "'-v7'")),
        (b"version https://git-lfs.github.com/spec/v1\n", ("git LFS pointer",)),
        (b"<html>Request access</html>", ("web page",)),
        (b"", ("empty",)),
        (b"not a matrix at all " * 40, ("damaged or cut short",)),
    ],
)
def test_what_is_no_matrix_is_told(tmp_path, content, words):
    (tmp_path / "TFD_48x48.mat").write_bytes(content)
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert all(word in str(caught.value) for word in ("TFD_48x48.mat", *words))


def test_a_matrix_that_was_cut_is_refused(plain, tmp_path):
    content = (plain / "TFD_48x48.mat").read_bytes()
    for share in (0.0003, 0.3, 0.9):
        (tmp_path / "TFD_48x48.mat").write_bytes(content[: int(len(content) * share)])
        with pytest.raises(DataError, match=r"TFD_48x48\.mat"):
            read(tmp_path)


@pytest.mark.parametrize(
    "labels",
    [
        [[0], [-1], [1], [2], [-1], [6]],
        [[0], [-1], [1], [2], [-1], [-1]],
        [[1], [-1], [0], [3], [-1], [7]],  # a 7, but a row of the folds has 0
    ],
)
def test_labels_that_begin_at_nought_are_refused(by_hand, labels):
    """As some programs keep them: each would be read as the expression before."""
    with pytest.raises(DataError, match="numbered from 0") as caught:
        read(by_hand(labs_ex=np.array(labels)))
    assert "add 1" in caught.value.faults[0].do


def test_a_matrix_without_any_label_is_refused(by_hand):
    root = by_hand(labs_ex=np.full((6, 1), -1))
    with pytest.raises(DataError, match="no face of TFD has a label"):
        read(root)
    assert len(read(root, unlabelled=True)) == 6


def test_labels_that_are_no_numbers_are_refused(by_hand):
    labels = np.array([["happy"], [2], ["sad"], [1], [1], [1]], dtype=object)
    with pytest.raises(DataError) as caught:
        read(by_hand(labs_ex=labels))
    (fault,) = caught.value.faults
    assert fault.got == "cell of shape (6, 1)"
    assert "numbers" in fault.expected


def test_numbers_beyond_all_identities_are_not_known(by_hand):
    faces = read(by_hand(labs_id=np.array([[1e300], [1], [np.inf], [-1e300], [2], [5]])))
    assert faces.column("subject").tolist() == ["", "", "", "5"]


@pytest.mark.parametrize("content", [b"not a matrix at all " * 40, b"", b"<html></html>"])
def test_damaged_names_stop_nothing(by_hand, content):
    root = by_hand()
    (root / "TFD_info.mat").write_bytes(content)
    faces = read(root)
    assert len(faces) == 4
    (said,) = [w for w in faces.found.warnings if "CK/CK+" in w]
    assert said.startswith("without a usable TFD_info.mat (a MATLAB file")


def test_sizes_that_do_not_exist():
    with pytest.raises(ValidationError):
        TfdOptions(matrix=64)

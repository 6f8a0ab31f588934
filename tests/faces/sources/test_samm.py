"""SAMM: drawn clips laid out like it come back; its faults are told, masked or refused."""

import numpy as np
import pytest
from PIL import Image

from facsinterp.errors import DataError
from facsinterp.faces.drawn.micro import clip as drawn_clip
from facsinterp.faces.layouts.clips import movements
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.layouts.samm import objective
from facsinterp.faces.layouts.sheets import write_workbook
from facsinterp.faces.sources.samm import PATCHES, PUBLISHED, SOURCE, SammOptions
from facsinterp.testing.source import SourceContract

CAST = Cast(people=2, sequences=4, pixels=24)
HEADER = (
    *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame"),
    *("Duration", "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
)
NAMES = [f"{s:03d}_{1 + n // 3}_{1 + n % 3}" for s in (6, 7) for n in (1, 2, 3, 4)]


def read(root, **options):
    return SOURCE.read(root, SammOptions(**options))


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """Trees with some quirks, each written once; tests do not change them."""
    written = {}

    def tree(*quirks):
        if quirks not in written:
            root = tmp_path_factory.mktemp("samm") / "SAMM"
            written[quirks] = write("samm", root, CAST, quirks, licence=False)
        return written[quirks]

    return tree


class TestContractWithEveryQuirk(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("samm", tmp_path_factory.mktemp("all") / "SAMM", CAST)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE
    options = {"frames": "all", "inherit": True}  # noqa: RUF012

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("samm", tmp_path_factory.mktemp("plain") / "SAMM", CAST, ())


def rows_of(faces, place):
    """Rows of the place-th clip that was drawn."""
    return np.flatnonzero(faces.column("sequence") == NAMES[place - 1])


def warned(faces, *words):
    return [line for line in faces.found.warnings if all(word in line for word in words)]


def assert_as_drawn(faces):
    """Numbers, units, sides, intensities and emotions are those that were drawn."""
    assert faces.column("sequence").tolist() == [name for name in NAMES for _ in range(3)]
    for place, clip in enumerate(movements(CAST, 500), start=1):
        part = faces.select(rows_of(faces, place))
        assert part.data["frame"].values.tolist() == [clip.onset, clip.apex, clip.offset]
        assert part.column("phase").tolist() == ["onset", "apex", "offset"]
        assert set(part.column("subject").tolist()) == {f"{clip.person + 5:03d}"}
        micro = drawn_clip(clip.person, clip.number, CAST.seed)
        peak = micro.frame(micro.apex)
        at = part.data.isel(image=1)
        assert at["coded"].values.all()
        assert not part.data["coded"].values[[0, 2]].any(), "only the apex was coded"
        for unit in part.units:
            cell = at.sel(au=unit)
            assert bool(cell["present"]) == (unit in peak.face.units)
            assert float(cell["intensity"]) == peak.letter(unit)
            assert (str(cell["side"].values) if "side" in cell else "") == peak.side(unit)
        assert set(part.column("expression").tolist()) == {
            "others" if peak.expression == "repression" else peak.expression
        }


def test_what_was_drawn_comes_back(trees):
    faces = read(trees())
    assert_as_drawn(faces)
    assert faces.found.warnings == ()
    assert faces.found.skipped == ()
    assert faces.found.expected == PUBLISHED
    assert faces.found.counts["rows"] == faces.found.counts["clips"] == 8
    clip = next(movements(CAST, 500))
    assert faces.column("path")[0] == f"SAMM/006/006_1_2/006_{clip.onset:05d}.jpg"


def test_nobody_may_be_shown_unless_the_user_says_so(trees):
    assert not read(trees()).terms.may_show("006")
    assert read(trees(), showable="all").terms.may_show("006")
    assert not read(trees(), showable="all").terms.redistributable


def test_objective_classes_are_a_column(trees):
    faces = read(trees(), labels="objective", frames="apex")
    assert faces.column("expression").tolist() == [
        f"class {objective(clip)}" for clip in movements(CAST)
    ]


def test_quirk_subjects_as_numbers(trees):
    assert_as_drawn(read(trees("subjects-as-numbers")))


def test_quirk_spelling_of_emotions(trees):
    assert_as_drawn(read(trees("spelling-of-emotions")))


def test_quirk_spaces_between_codes(trees):
    assert_as_drawn(read(trees("spaces-between-codes")))


def test_quirk_missing_apex(trees):
    faces = read(trees("missing-apex"), frames="all", inherit=True)
    rows = rows_of(faces, 2)
    assert set(faces.data["clip_apex"].values[rows]) == {-1}
    assert not faces.data["coded"].values[rows].any()
    assert warned(faces, "without an apex", ": 1 ", NAMES[1])


def test_quirk_offset_before_onset(trees):
    faces = read(trees("offset-before-onset"))
    rows = rows_of(faces, 3)
    assert set(faces.data["clip_offset"].values[rows]) == {-1}
    assert faces.column("phase")[rows].tolist() == ["onset", "apex"]
    assert warned(faces, "offset is not after their onset", NAMES[2])


def test_quirk_or_rows(trees):
    faces = read(trees("or-rows"), frames="apex")
    (row,) = rows_of(faces, 4)
    coded = dict(zip(faces.units, faces.data["coded"].values[row], strict=True))
    assert [unit for unit, is_coded in coded.items() if not is_coded] == [12]
    assert not faces.data["present"].values[row].any()
    assert warned(faces, "doubtful", "12or R12A")


def test_quirk_unreadable_codes(trees):
    faces = read(trees("unreadable-codes"))
    assert not faces.data["coded"].values[rows_of(faces, 5)].any()
    assert warned(faces, "cannot be read", "smirk")


def test_quirk_apex_not_on_disk(trees):
    faces = read(trees("apex-not-on-disk"), frames="all", inherit=False)
    assert not faces.data["coded"].values[rows_of(faces, 6)].any()
    assert warned(faces, "apex frame is not on disk", NAMES[5])


def test_quirk_clip_not_on_disk(trees):
    faces = read(trees("clip-not-on-disk"))
    ((name, reason),) = faces.found.skipped
    assert name == NAMES[6]
    assert "row 21" in reason, "thirteen lines and a header come first"


def test_quirk_cropped_only(trees):
    faces = read(trees("cropped-only"))
    assert_as_drawn(faces)
    assert faces.found.layout.startswith("cropped frames in SAMM_CROP")
    with pytest.raises(DataError, match="not here as full frames"):
        read(trees("cropped-only"), version="full")


def test_quirk_doubled_folders(trees):
    faces = read(trees("doubled-folders"))
    assert_as_drawn(faces)
    assert faces.column("path")[0].startswith("SAMM/SAMM/006/006_1_2/")


def test_quirk_sheet_among_frames(trees):
    assert_as_drawn(read(trees("sheet-among-frames")))
    faces = read(trees("sheet-among-frames") / "SAMM")
    assert_as_drawn(faces)
    assert faces.column("path")[0].startswith("006/006_1_2/006_00")


def test_quirk_long_videos_too(trees):
    faces = read(trees("long-videos-too"))
    assert_as_drawn(faces)
    assert not warned(faces, "not read"), "it is known for what it is"


def test_every_quirk_has_its_test():
    for quirk in layout("samm").quirks:
        assert f"test_quirk_{quirk.replace('-', '_')}" in globals()


def row_of(subject, filename, onset, apex, offset, codes="4B", emotion="Anger"):
    return (
        *(subject, filename, 1, onset, apex, offset, offset - onset + 1, "Micro"),
        *(codes, emotion, 2, None),
    )


def by_hand(root, rows, name="SAMM_Micro_FACS_Codes_v2.xlsx", header=HEADER):
    write_workbook(root / name, [*([["A line"]] * 13), header, *rows])
    folder = root / "SAMM/006/006_1_2"
    folder.mkdir(parents=True)
    for number in (1, 1105, 2000):
        Image.new("L", (4, 4)).save(folder / f"006_{number:05d}.jpg")
    return root


def test_a_subject_that_is_not_the_clips(tmp_path):
    rows = [row_of(7, "006_1_2", 1, 1105, 2000), row_of("x", "notes", 1, 2, 3)]
    faces = read(by_hand(tmp_path, rows))
    assert set(faces.column("subject").tolist()) == {"006"}
    assert warned(faces, "subject is not that of their clip", "row 15: 7, 006_1_2")
    assert faces.found.skipped == (("row 16 of the sheet", "it names no clip of SAMM: x notes"),)


def patchable(root, rows=159, wide=()):
    """A sheet of 159 rows that is the one the patches are for, but for what is changed."""
    ends = {125: (1, 2000), 132: (4900, 5000), 133: (5100, 5200), 56: (5700, 5600), **dict(wide)}
    coded = []
    for row in range(rows):
        name = "006_1_2" if row == 125 else f"{7 + row // 9:03d}_{1 + row % 9}_1"
        onset, offset = ends.get(row, (10, 30))
        apex = -1 if row in PATCHES.no_apex else onset + 5
        coded.append(row_of(name[:3], name, onset, apex, offset))
    return by_hand(root, coded)


def test_patches_are_applied_only_when_asked_for(tmp_path):
    root = patchable(tmp_path)
    assert set(read(root).data["clip_apex"].values) == {-1}
    patched = read(root, patches=True)
    assert set(patched.data["clip_apex"].values) == {1105}
    assert patched.data["coded"].values.any(axis=1).tolist() == [False, True, False]
    assert warned(patched, "patched after", ": 4 ", "offset 5600 -> 5739", "apex -1 -> 1105")


@pytest.mark.parametrize(
    ("rows", "wide", "words"),
    [
        (158, (), "158 rows"),
        (159, {132: (1, 20)}, "around frame 4945"),
        (159, {56: (1, 20)}, "meant 5739"),
    ],
)
def test_patches_of_another_sheet_are_refused(tmp_path, rows, wide, words):
    root = patchable(tmp_path, rows, wide)
    with pytest.raises(DataError, match="another version of the coding sheet") as raised:
        read(root, patches=True)
    assert words in str(raised.value)


def test_samm_long_videos_is_another_data_set(tmp_path):
    sheet = "SAMM_LongVideos_V3_Release.xlsx"
    write_workbook(tmp_path / sheet, [("Subject", "Filename")])
    (tmp_path / "SAMM/006/006_1").mkdir(parents=True)
    with pytest.raises(DataError, match="SAMM Long Videos, another data set") as raised:
        read(tmp_path)
    assert raised.value.faults[0].got == sheet
    (tmp_path / "SAMM").rename(tmp_path / "SAMM_longvideos")
    with pytest.raises(DataError, match="SAMM Long Videos, another data set"):
        read(tmp_path)


def test_a_renamed_sheet_of_long_videos_is_known_by_its_macro_movements(tmp_path):
    header = (
        *("Subject", "Filename", "Inducement", "Onset", "Apex", "Offset", "D", "Type"),
        *("Action Units", "Notes"),
    )
    row = ("006", "006_1_2", 1, 1, 1105, 2000, 9, "Macro", "4", None)
    by_hand(tmp_path, [row], "sheet.xlsx", header)
    with pytest.raises(DataError, match="SAMM Long Videos") as raised:
        read(tmp_path)
    assert "sheet.xlsx, which codes macro-movements" in raised.value.faults[0].got


def test_the_sheet_of_another_data_set(tmp_path):
    by_hand(tmp_path, [row_of(1, "EP02_01f", 1, 2, 3)])
    with pytest.raises(DataError, match="another data set") as raised:
        read(tmp_path)
    assert raised.value.faults[0].got == "1 EP02_01f"


def test_frames_without_a_sheet_and_a_sheet_without_frames(tmp_path):
    (tmp_path / "a/SAMM/006/006_1_2").mkdir(parents=True)
    with pytest.raises(DataError, match="SAMM_Micro_FACS_Codes_v2"):
        read(tmp_path / "a")
    by_hand(tmp_path / "b", [row_of(6, "006_9_9", 1, 2, 3)])
    with pytest.raises(DataError, match="no clip of the coding sheet of SAMM has frames"):
        read(tmp_path / "b")


def test_a_clip_named_twice_in_two_spellings_is_one(tmp_path):
    root = tmp_path / "SAMM"
    root.mkdir()
    row = [*("006", "006_1_2", 1, 1, 2, 3, 3, "Micro - 1/2", "4", "Other", 1, None)]
    again = ["006", "006_01_2", *row[2:]]
    write_workbook(root / "SAMM_Micro_FACS_Codes_v2.xlsx", [HEADER, row, again])
    frames = root / "SAMM/006/006_1_2"
    frames.mkdir(parents=True)
    for number in (1, 2, 3):
        Image.new("L", (4, 4)).save(frames / f"006_{number:05d}.jpg")
    faces = read(root)
    assert set(faces.column("sequence").tolist()) == {"006_1_2"}
    assert "codes a clip" in dict(faces.found.skipped)["006_01_2"]


def test_the_folder_of_cropped_frames_may_be_named_itself(trees):
    root = trees("cropped-only", "sheet-among-frames") / "SAMM_CROP"
    faces = read(root)
    assert faces.found.layout.startswith("cropped frames in .")
    assert read(root, version="cropped").images.tolist() == faces.images.tolist()
    with pytest.raises(DataError, match="not here as full frames"):
        read(root, version="full")

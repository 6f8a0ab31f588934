"""Pictures: decoded whole or skipped with the reason, in order, and fingerprinted by content."""

import struct
import threading
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFile

from facsinterp.faces.pictures import FilePictures, Skip, decode, impostor, is_junk, ordered

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 4321\n"
PAGE = b"\n <!DOCTYPE html><html><body>Sign in</body></html>"
rng = np.random.default_rng(3)
GREY = rng.integers(0, 256, (40, 30), dtype=np.uint8)
RGB = rng.integers(0, 256, (40, 30, 3), dtype=np.uint8)


def encoded(array, form="PNG", mode=None, **options):
    buffer = BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(buffer, form, **options)
    return buffer.getvalue()


def test_grey_and_colour_come_as_they_are():
    np.testing.assert_array_equal(decode(encoded(GREY)), GREY)
    np.testing.assert_array_equal(decode(encoded(RGB)), RGB)


@pytest.mark.parametrize(
    ("mode", "shape"),
    [("1", (40, 30)), ("LA", (40, 30)), ("P", (40, 30, 3)), ("RGBA", (40, 30, 3))],
)
def test_other_modes_become_grey_or_rgb(mode, shape):
    picture = decode(encoded(RGB, mode=mode))
    assert isinstance(picture, np.ndarray)
    assert picture.dtype == np.uint8
    assert picture.shape == shape


def test_sixteen_bits_are_scaled_and_not_cut():
    deep = np.array([[0, 300, 40000, 65535]], dtype=np.uint16)
    np.testing.assert_array_equal(decode(encoded(deep)), [[0, 1, 155, 255]])


@pytest.mark.parametrize("bits", [8, 10, 12, 13])
def test_fewer_bits_in_sixteen_are_refused_and_not_made_black(bits):
    deep = (GREY.astype(np.uint16) * 257) >> (16 - bits)
    for content in (encoded(deep), encoded(deep, "TIFF"), in_colour(deep)):
        assert "may hold fewer bits" in decode(content)


def test_deep_colours_that_use_their_range_are_taken():
    deep = GREY.astype(np.uint16) * 257
    np.testing.assert_array_equal(decode(in_colour(deep)), np.stack([GREY] * 3, axis=-1))


def in_colour(deep):
    """A PNG of 16 bits a channel, which Pillow does not write."""
    rows = np.repeat(deep[:, :, None], 3, axis=2).astype(">u2")
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", deep.shape[1], deep.shape[0], 16, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
        for name, part in parts
    )


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        (np.array([[0, 2**16, 2**24]], np.int32), "more than 16 bits (0 to 16777216)"),
        (np.array([[-5, 40_000]], np.int32), "more than 16 bits (-5 to 40000)"),
        (np.array([[0, 0.5, 1]], np.float32), "fractions"),
        (np.array([[0, 128, 255]], np.float32), "fractions"),
    ],
)
def test_pixels_without_a_certain_white_are_refused(pixels, told):
    assert told in decode(encoded(pixels, "TIFF"))


def test_sixteen_bits_in_thirty_two_are_sixteen():
    deep = np.array([[0, 300, 40000, 65535]], dtype=np.int32)
    np.testing.assert_array_equal(decode(encoded(deep, "TIFF")), [[0, 1, 155, 255]])


def test_a_photograph_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    turned = decode(encoded(GREY, "JPEG", exif=exif))
    assert isinstance(turned, np.ndarray)
    assert turned.shape == (30, 40)


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize(
    ("form", "array"), [("PNG", GREY), ("PNG", RGB), ("JPEG", RGB), ("JPEG", GREY)]
)
def test_a_truncated_picture_is_never_decoded_in_part(form, array, lenient, monkeypatch):
    """Other code in the process may have told Pillow to accept truncated files."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    content = encoded(array, form)
    # The last four bytes of a PNG are the sum of its empty end chunk: all pixels are there.
    for end in range(1, len(content) - 4, 7):
        assert isinstance(decode(content[:end]), str), end


def test_a_flipped_bit_in_a_png_is_noticed():
    content = bytearray(encoded(GREY))
    content[len(content) // 2] ^= 16
    assert isinstance(decode(bytes(content)), str)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (POINTER, "git LFS pointer"),
        (PAGE, "web page"),
        (b'<?xml version="1.0"?><Error>AccessDenied</Error>', "web page"),
        (b"", "empty"),
        (b"just some text", "not a picture"),
        (encoded(GREY)[:100], "truncated"),
    ],
)
def test_what_is_no_picture_is_told(content, reason):
    assert reason in decode(content)


def test_real_content_is_no_impostor():
    assert impostor(encoded(GREY)) == ""
    assert impostor(b"emotion,pixels,Usage") == ""
    assert "LFS" in impostor(b"\xef\xbb\xbf" + POINTER)


@pytest.mark.parametrize("name", [".DS_Store", "._S005.png", "Thumbs.db", "DESKTOP.INI", ".hidden"])
def test_junk_is_known_by_its_name(name):
    assert is_junk(name)
    assert not is_junk("S005_001_00000001.png")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/grey.png").write_bytes(encoded(GREY))
    (tmp_path / "colour.png").write_bytes(encoded(RGB))
    (tmp_path / "pointer.png").write_bytes(POINTER)
    (tmp_path / "._grey.png").write_bytes(encoded(GREY))
    (tmp_path / "cut.jpg").write_bytes(encoded(RGB, "JPEG")[:-20])
    (tmp_path / "empty.png").write_bytes(b"")
    return tmp_path


def test_files_come_in_order_with_their_reasons(folder):
    paths = ["colour.png", "cut.jpg", "sub/grey.png", "gone.png", "pointer.png", "._grey.png"]
    paths += ["empty.png", "sub"]
    opened = list(FilePictures(folder).open(paths))
    np.testing.assert_array_equal(opened[0], RGB)
    np.testing.assert_array_equal(opened[2], GREY)
    skips = {skip.path: skip.reason for skip in opened if isinstance(skip, Skip)}
    assert list(skips) == ["cut.jpg", "gone.png", "pointer.png", "._grey.png", "empty.png", "sub"]
    assert "truncated" in skips["cut.jpg"]
    assert "no such file" in skips["gone.png"]
    assert "LFS" in skips["pointer.png"]
    assert "system" in skips["._grey.png"]
    assert "empty" in skips["empty.png"]


def test_the_fingerprint_is_of_the_content(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("moved")
    (other / "renamed.png").write_bytes(encoded(GREY))
    here, there = FilePictures(folder), FilePictures(other)
    assert here.fingerprint(["sub/grey.png"]) == there.fingerprint(["renamed.png"])
    both = here.fingerprint(["sub/grey.png", "colour.png"])
    assert both != here.fingerprint(["colour.png", "sub/grey.png"])
    assert both != here.fingerprint(["sub/grey.png"])
    assert here.fingerprint(["gone.png"]) != here.fingerprint(["sub/grey.png"])
    (folder / "sub/grey.png").write_bytes(encoded(255 - GREY))
    assert here.fingerprint(["sub/grey.png", "colour.png"]) != both


def test_only_a_few_pictures_are_ahead(folder):
    """A slow reader must not make the pool fill the memory."""
    asked = []

    class Paths(list[str]):
        def __iter__(self):
            for path in super().__iter__():
                asked.append(path)
                yield path

    opened = FilePictures(folder).open(Paths(["colour.png"] * 500))
    next(opened)
    assert len(asked) <= ordered.AHEAD + 1
    opened.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("pictures")]

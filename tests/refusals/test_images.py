"""Images that a model is to name."""

import zipfile
from pathlib import Path

from eatnas_tf.bin import predict

from .commands import CLEAR
from .damage import Files, classes, folder, in_turn, npz, written
from .harness import Case, check, numbered


def seen(message: str, file: str, files: Files) -> Case:
    """A file for a model of which only the names are read before it is refused."""
    return Case(
        predict,
        ("--model=model.keras", file),
        f"{message.partition(':')[0]}: not an image that can be read ({message.partition(': ')[2]}",
        in_turn(classes('["a", "b"]'), files),
    )


def bomb(sound: Path) -> None:
    """A picture of 900,000,000 pixels in its header."""
    data = bytearray((sound / "shirt.png").read_bytes())
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zipfile.crc32(data[12:29]).to_bytes(4, "big")
    Path("x.png").write_bytes(data)


def given(files: list[str], message: str, put: Files) -> Case:
    """Several files, or folders."""
    return Case(predict, ("--model=model.keras", *files), message, in_turn(classes('["a", "b"]'), put))


def written_below(name: str) -> Files:
    """A file that is no image."""

    def put(sound: Path) -> None:
        Path(name).parent.mkdir(parents=True)
        Path(name).touch()

    return put


CASES = [
    seen("x.png: FileNotFoundError: [Errno 2] No such file or directory: '…", "x.png", folder("else")),
    given(["x"], "x: no image in it; give image files, or folders that hold some", folder("x")),
    given(["x"], "x: no image in it; give image files, or folders that …", written_below("x/.png")),
    given(["x"], "x/y/z.png: not an image that can be read (…", written_below("x/y/z.png")),
    given(
        ["x", "y.png"],
        "none of 2 files can be read; x/z.png: not an image that can be read (…",
        written_below("x/z.png"),
    ),
    seen("x.png: unknown format, or damaged)", "x.png", written("x.png", "")),
    seen(
        "x.png: unknown format, or damaged)",
        "x.png",
        written("x.png", "no image"),
    ),
    seen(
        "x.svg: unknown format, or damaged)",
        "x.svg",
        written("x.svg", "<svg/>"),
    ),
    seen(
        "x.png: OSError: …",
        "x.png",
        lambda sound: Path("x.png").write_bytes((sound / "shirt.png").read_bytes()[:20]),
    ),
    Case(
        predict,
        ("--model=model.keras", "x.png"),
        "x.png: an image of 900,000,000 pixels; at most 268,435,456 are decoded, but for baseline JPEG: "
        "make it smaller",
        in_turn(classes('["a", "b"]'), bomb),
    ),
    seen(r"\x1b[2J.png: FileNotFoundError: …", f"{CLEAR}.png", folder("else")),
    seen(r"\udcff\n.png: unknown format, or damaged)", "\udcff\n.png", written("\udcff\n.png", "")),
    seen("mine.npz: unknown format, or damaged)", "mine.npz", npz()),
]


@numbered("images", CASES)
def test_a_file_that_is_no_image_is_refused(refusal, case) -> None:
    check(case, refusal(case))

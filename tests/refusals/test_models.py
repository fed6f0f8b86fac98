"""Files of models of which the outside tells that they are none."""

from pathlib import Path

from eatnas_tf.network import class_names

from .commands import modelled
from .damage import classes, cut, folder, in_turn, written, zipped
from .harness import check, numbered

EXPECTED = "expected the model.keras of a retraining"
DAMAGED = f"{class_names.MEMBER} is damaged"
CASES = [
    modelled(f"no such file; {EXPECTED}", folder("else")),
    modelled(
        f"cannot be read (IsADirectoryError: [Errno 21] Is a directory: 'model.keras'); {EXPECTED}",
        folder("model.keras"),
    ),
    modelled(f"cannot be read (BadZipFile: File is not a zip file); {EXPECTED}", written("model.keras", "")),
    modelled(
        f"cannot be read (BadZipFile: File is not a zip file); {EXPECTED}", written("model.keras", "HDF5")
    ),
    modelled(
        f"cannot be read (BadZipFile: File is not a zip file); {EXPECTED}",
        in_turn(classes('["a", "b"]'), cut("model.keras", 90)),
    ),
    modelled(f"no class names in it; {EXPECTED}", zipped({})),
    modelled(f"no class names in it; {EXPECTED}", zipped({"config.json": "{}", "metadata.json": "{}"})),
    modelled("cannot be read (JSONDecodeError: …", classes("")),
    modelled("cannot be read (UnicodeDecodeError: …", classes(b'["\xff"]')),
    modelled("cannot be read (RecursionError: …", classes("[" * 100_000)),
    modelled(f"{DAMAGED} (classes is missing); retrain it", classes("{}")),
    modelled(f"{DAMAGED} (classes is missing); retrain it", classes('"ab"')),
    modelled(f"{DAMAGED} (classes is [1, 2]; expected a list of text); retrain it", classes("[1, 2]")),
    modelled(f"{DAMAGED} (centre_crop is missing); retrain it", classes('{"classes": ["a", "b"]}')),
    modelled(
        f"{DAMAGED} (centre_crop is 7; expected a number above 0, at most 1 or null); retrain it",
        classes('{"classes": ["a", "b"], "centre_crop": 7}'),
    ),
    modelled(
        f"cannot be read (BadZipFile: Bad CRC-32 for file 'eatnas_tf/classes.json'); {EXPECTED}",
        in_turn(
            classes('["a", "b"]'),
            lambda sound: Path("model.keras").write_bytes(
                Path("model.keras").read_bytes().replace(b'"b"]', b'"c"]')
            ),
        ),
    ),
    modelled(
        f"cannot be read (NotImplementedError: That compression method is not supported); {EXPECTED}",
        in_turn(
            classes('["a", "b"]'),
            lambda sound: Path("model.keras").write_bytes(
                (data := Path("model.keras").read_bytes())[:8]
                + b"\x63"
                + data[9 : data.index(b"PK\1\2") + 10]
                + b"\x63"
                + data[data.index(b"PK\1\2") + 11 :]
            ),
        ),
    ),
]


@numbered("models", CASES)
def test_a_file_that_is_no_model_is_refused_before_tensorflow_is_loaded(refusal, case) -> None:
    check(case, refusal(case))

"""What tables of several subjects share: flags, codes, how messages go on, and commands on damaged files."""

from eatnas_tf.bin import predict, retrain, search

from .damage import Damage, Files, copied
from .harness import Case

PATTERN = "CONV_kKERNEL_sSKIP_wWIDTH_dDEPTH"
CLEAR = "\x1b[2J"  # what a terminal would obey
SPACE = (
    "--blocks=5",
    "--strides=1,1,2,1,2",
    "--stem_filters=12",
    "--depth_choices=1,2",
    "--layers=5,8",
    "--expansion=2,8",
)
SEARCH = (*SPACE, "--population=8", "--sample=4", "--cycles=10", "--workdir=run")
CODE = "-".join(["mb6_k3_s1_w1.0_d1"] * 5)
WIDE = CODE.replace("w1.0", "w2.0", 1)  # within the limits
ONE = "mb6_k3_s1_w1.0_d2"
RETRAIN = (f"--architecture={CODE}", "--strides=1,1,2,1,2", "--workdir=run")
SCHEMA = "not written by a version that this one reads (schema 1); use the version of eatnas_tf that wrote it"
ADVICE = "restore the line, or cut the file before it to go on from there"
MISSING = "no such file; expected the work folder of an earlier stage"


def search_again(message: str, damage: Damage, *others: str) -> Case:
    """A search on the folder of an earlier one that was damaged."""
    return Case(search, (*SEARCH, *others), message, copied("searched", damage))


def retrain_again(message: str, damage: Damage) -> Case:
    """A retraining on the folder of an earlier one that was damaged."""
    return Case(retrain, RETRAIN, message, copied("retrained", damage))


def modelled(message: str, files: Files) -> Case:
    """A prediction by the file `model.keras`."""
    return Case(predict, ("--model=model.keras", "shirt.png"), f"model.keras: {message}", files)

"""Names of tensorflow-datasets."""

from eatnas_tf.bin import pipeline, retrain, search, transfer

from .commands import CLEAR, CODE, RETRAIN, SEARCH, SPACE
from .harness import Case, check, numbered


def of_tfds(name: str, message: str, *others: str) -> Case:
    arguments = (*SEARCH, f"--dataset={name}", "--data_dir=kept", *others)
    return Case(search, arguments, f"dataset {name!r} {message}")


KNOWN = "expected fashion_mnist_mini, npz:PATH, folder:PATH or a name of tensorflow-datasets such as cifar10"
CASES = [
    of_tfds("cifar11", f"is not known (DatasetNotFoundError: Dataset cifar11 not found.); {KNOWN}"),
    of_tfds("", f"is not known (ValueError: Parsing builder name string  failed.); {KNOWN}"),
    of_tfds("../data", f"is not known (ValueError: Parsing builder name string ../data failed.); {KNOWN}"),
    of_tfds(
        "csv:mine.csv",
        f"is not known (ValueError: Parsing builder name string csv:mine.csv failed.); {KNOWN}",
    ),
    of_tfds("cifar10:9.9.9", "is not known (AssertionError: Failed to construct dataset …"),
    of_tfds("cifar10/blue", "is not known (ValueError: Failed to construct dataset …"),
    of_tfds(
        "cifar10[:50%]",
        "is part of a dataset; expected a whole one, such as cifar10: --train_examples cuts it",
    ),
    of_tfds(f"[red]{CLEAR}\nx", "is not known (ValueError: …"),
    of_tfds("squad", "is not one for image classification: it has no image and class label"),
    of_tfds(
        "imagenet2012",
        "is downloaded by hand into kept/downloads/manual, which is missing or empty: "
        "manual_dir should contain two files: ILSVRC2012_img_train.tar and …",
    ),
    of_tfds(
        "cifar10",
        "is not prepared in kept, and a dry run leaves it so; the command itself would download about …",
        "--dry_run",
    ),
    *(
        Case(
            binary,
            (*flags, "--dataset=food101", "--data_dir=kept", "--workdir=run", "--dry_run"),
            "dataset 'food101' is not prepared in kept, and a dry run leaves it so; "
            "the command itself would download about 4.65 GiB and prepare it first",
        )
        for binary, flags in (
            (retrain, RETRAIN),
            (transfer, (*SPACE, f"--architecture={CODE}")),
            (pipeline, ()),
        )
    ),
]


@numbered("tensorflow-datasets", CASES)
def test_a_name_of_no_dataset_of_images_and_classes_is_refused(refusal, case) -> None:
    check(case, refusal(case))

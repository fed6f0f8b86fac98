"""URLs, in every flag of every binary that takes a path."""

from eatnas_tf.bin import (
    ablate,
    check_plugins,
    describe,
    evaluate,
    pipeline,
    predict,
    report,
    retrain,
    search,
    transfer,
)

from .commands import CODE, ONE, RETRAIN, SEARCH
from .harness import Case, check, numbered

WAY_OUT = "is a URL, and only local files are read and written; copy or mount it and give its path"
TRANSFER = (*SEARCH, f"--architecture={CODE}")
WITH_STAGES = ("--workdir=run",)


def refused(binary, common, flag, prefix="", url="gs://bucket/a") -> Case:
    return Case(binary, (*common, f"--{flag}={prefix}{url}"), f"--{flag}: {url!r} {WAY_OUT}")


CASES = [
    *(refused(search, SEARCH, "dataset", prefix) for prefix in ("npz:", "folder:")),
    *(
        refused(binary, common, flag)
        for binary, common in (
            (search, SEARCH),
            (transfer, TRANSFER),
            (retrain, RETRAIN),
            (pipeline, WITH_STAGES),
            (ablate, WITH_STAGES),
        )
        for flag in ("workdir", "dataset", "data_dir", "plugins", "flagfile")
    ),
    refused(transfer, SEARCH, "from"),
    refused(retrain, ("--workdir=run",), "from"),
    Case(
        ablate,
        ("--workdir=run", "--source_dataset=npz:s3://b/d.npz"),
        f"--dataset: 's3://b/d.npz' {WAY_OUT}",
    ),
    Case(
        ablate,
        ("--workdir=run", "--target_dataset=npz:s3://b/d.npz"),
        f"--dataset: 's3://b/d.npz' {WAY_OUT}",
    ),
    refused(evaluate, (), "from", url="hdfs://name/run"),
    *(refused(evaluate, ("--from=run",), flag) for flag in ("dataset", "data_dir", "flagfile")),
    *(refused(report, (), flag) for flag in ("workdir", "plugins", "flagfile")),
    refused(report, ("--workdir=run",), "output"),
    Case(
        predict,
        ("--model=https://x.org/model.keras", "a.png"),
        f"--model: 'https://x.org/model.keras' {WAY_OUT}",
    ),
    Case(predict, ("--model=model.keras", "https://x.org/a.png"), f"image: 'https://x.org/a.png' {WAY_OUT}"),
    refused(describe, (f"--architecture={ONE}",), "plugins"),
    refused(check_plugins, (), "plugins"),
]


@numbered("urls", CASES)
def test_a_url_is_refused_where_a_path_belongs(refusal, case) -> None:
    check(case, refusal(case))

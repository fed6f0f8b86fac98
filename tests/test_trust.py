"""Nothing that is read is executed: no pickles, no unsafe models, no code but a person's own plugins."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import eatnas_tf
import eatnas_tf.flags
import eatnas_tf.mutations

SOURCES = sorted(
    {
        file
        for package in (eatnas_tf, eatnas_tf.mutations, eatnas_tf.flags)
        for folder in package.__path__
        for file in Path(folder).rglob("*.py")
    }
)
EXECUTE = {"eval", "exec", "compile", "__import__", "exec_module", "enable_unsafe_deserialization"}
UNPICKLE = {"load", "loads", "unsafe_load", "full_load", "Unpickler"}  # of any module but json
PICKLERS = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}
NEEDED = {"load_model": "safe_mode=True", "read_array": "allow_pickle=False", "savez": "allow_pickle=False"}
MEANT = {
    ("registry.py", "spec.loader.exec_module(module)"),  # a person's own plugin
    ("worker.py", "import pickle"),
    ("worker.py", "import cloudpickle"),
    ("workers.py", "import cloudpickle"),
    ("worker.py", "cloudpickle.loads(build)"),  # what our own main process sends
    ("fresh_process.py", "import cloudpickle"),
    ("fresh_process.py", "cloudpickle.loads(path.read_bytes())"),  # parts that the checker has just written
    ("worker.py", "pickle.loads(pickle.dumps(error))"),  # does our own exception survive it?
}
OURS = (  # calls that end so
    "json.load",
    "json.loads",
    "npz.load",
    "weight_file.load",
    "saved_model.load",
    "engine.load",
    "_otherwise.load",
    "feed.load",
    "point.load",
    "store.load",
    "weights.load",  # SavedWeights
)


def dangers(source: str) -> Iterator[str]:
    """Every call that may execute what it reads, and every import of what does nothing else."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            if {str(module).partition(".")[0] for module in modules} & PICKLERS:
                yield ast.unparse(node)
        if isinstance(node, ast.Call):
            called, keywords = ast.unparse(node.func), {ast.unparse(keyword) for keyword in node.keywords}
            name = called.rpartition(".")[2]
            executes = name in EXECUTE and called != "re.compile"
            unpickles = name in UNPICKLE and not called.endswith(OURS)
            if executes or unpickles or NEEDED.get(name, "") not in {"", *keywords}:
                yield ast.unparse(node)


def test_the_package_executes_nothing_that_it_reads() -> None:
    found = {(file.name, danger) for file in SOURCES for danger in dangers(file.read_text(encoding="utf-8"))}
    assert found == MEANT


@pytest.mark.parametrize(
    "source",
    [
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "numpy.lib.format.read_array(file)",
        "read_array(file, allow_pickle=True)",
        "pickle.load(file)",
        "pickle.Unpickler(file).load",
        "from pickle import loads",
        "import os, dill",
        "yaml.load(file)",
        "torch.load(path)",
        "keras.saving.load_model(path)",
        "keras.models.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "eval(text)",
        "[exec(line) for line in text]",
        "__import__(name)",
    ],
)
def test_what_would_execute_is_seen(source) -> None:
    assert list(dangers(source))


@pytest.mark.parametrize(
    "source",
    [
        "json.loads(text)",
        "re.compile(text)",
        "keras.saving.load_model(path, compile=False, safe_mode=True)",
        "read_array(stream, allow_pickle=False)",
    ],
)
def test_what_would_not_is_let_alone(source) -> None:
    assert not list(dangers(source))

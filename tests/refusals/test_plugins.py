"""Plugins: files that do not load, and parts that give back what they must not."""

from types import ModuleType

from eatnas_tf.bin import check_plugins, describe, search, transfer

from .commands import CLEAR, ONE, SEARCH, WIDE
from .damage import folder, plugin, written
from .harness import Case, check, numbered

OPS = "from eatnas_tf.layers import BatchNorm, Conv\n"
DICTS = (
    'dicts of parts; expected one such as {"mutations": {"name": function}} '
    "with keys among mutations, perturbations, conv_ops, primitives, objectives, strategies"
)


def plugged(message: str, source: str | bytes, *others: str, binary: ModuleType = search) -> Case:
    arguments = SEARCH if binary is search else ("--strides=1",)
    return Case(binary, (*arguments, "--plugins=mine.py", *others), message, written("mine.py", source))


def op(message: str, gives: str) -> Case:
    """A conv op that gives this back."""
    source = f'{OPS}PARTS = {{"conv_ops": {{"own": lambda inputs, outputs, kernel, stride: {gives}}}}}'
    return plugged(
        f"block 1, conv op 'own': {message} (check_plugins tells more)", source, "--conv_choices=own"
    )


CASES = [
    Case(search, (*SEARCH, "--plugins=mine.py"), "--plugins=mine.py: no such Python file"),
    Case(search, (*SEARCH, "--plugins=mine"), "--plugins=mine: no such Python file", folder("mine")),
    Case(search, (*SEARCH, "--plugins=mine.py"), "--plugins=mine.py: no such Python file", folder("mine.py")),
    Case(
        search,
        (*SEARCH, "--plugins=mine.txt"),
        "--plugins=mine.txt: no such Python file",
        written("mine.txt", ""),
    ),
    Case(search, (*SEARCH, f"--plugins={'x' * 300}.py"), f"--plugins={'x' * 300}.py: no such Python file"),
    Case(search, (*SEARCH, f"--plugins={CLEAR}.py"), r"--plugins=\x1b[2J.py: no such Python file"),
    plugged("--plugins=mine.py does not load: SyntaxError: invalid syntax (mine.py, line 1)", "1 +"),
    plugged("--plugins=mine.py does not load: SyntaxError: …", b"\xff\xfe"),
    plugged(
        "--plugins=mine.py does not load: SyntaxError: source code string cannot contain null bytes…",
        b"x = 1\0",
    ),
    plugged(
        "--plugins=mine.py does not load: ModuleNotFoundError: No module named 'nowhere'", "import nowhere"
    ),
    plugged("--plugins=mine.py does not load: ZeroDivisionError: division by zero", "1 / 0"),
    plugged("--plugins=mine.py does not load: RecursionError: …", "def f(): f()\nf()"),
    plugged("--plugins=mine.py does not load: SystemExit: 3", "import sys; sys.exit(3)"),
    plugged("--plugins=mine.py does not load: SystemExit", "raise SystemExit"),
    plugged(
        r"--plugins=mine.py does not load: ValueError: [red]\x1b[2J",
        r"raise ValueError('[red]\x1b[2J\nmore')",
    ),
    plugged(f"--plugins=mine.py: 0 {DICTS}", ""),
    plugged(f"--plugins=mine.py: 0 {DICTS}", "PARTS = {}"),
    plugged(f"--plugins=mine.py: 0 {DICTS}", 'PARTS = [("mutations", print)]'),
    plugged(f"--plugins=mine.py: 0 {DICTS}", 'PARTS = {"mutation": {"own": print}}'),
    plugged(
        f"--plugins=mine.py: 2 {DICTS}", 'A = {"mutations": {"own": print}}\nB = {"objectives": {"own": len}}'
    ),
    plugged(
        "--plugins=mine.py: mutations is not a dict from names to parts", 'PARTS = {"mutations": [print]}'
    ),
    plugged(
        "--plugins=mine.py: mutations is not a dict from names to parts", 'PARTS = {"mutations": {3: print}}'
    ),
    plugged(
        "mutations 'kernel' is registered already; choose another name",
        'PARTS = {"mutations": {"kernel": print}}',
    ),
    plugged("mutations 'own' is 3; expected a function", 'PARTS = {"mutations": {"own": 3}}'),
    plugged("objectives 'own' is None; expected a function", 'PARTS = {"objectives": {"own": None}}'),
    plugged("conv_ops 'own' is [1]; expected a function", 'PARTS = {"conv_ops": {"own": [1]}}'),
    plugged("primitives 'own' is 3; expected a Primitive", 'PARTS = {"primitives": {"own": 3}}'),
    plugged(
        "primitives 'own' is 3; expected a Primitive",
        'PARTS = {"primitives": {"own": 3}}',
        f"--architecture={ONE}",
        binary=describe,
    ),
    plugged(
        "--plugins=mine.py does not load: InputError: primitive own: key 'K' is not a lower-case word "
        "such as 'k' or 'se'",
        'from eatnas_tf.space import Primitive\nPARTS = {"primitives": {"own": Primitive("own", "K", (1,))}}',
    ),
    plugged(
        "two primitives share the key 'k'; rename one",
        "from eatnas_tf.space import Primitive, positive_int\n"
        'PARTS = {"primitives": {"own": Primitive("own", "k", (1, 2), positive_int)}}',
        "--primitives=own",
    ),
    plugged(
        "--plugins=mine.py does not load: ModuleNotFoundError: No module named 'nowhere'",
        "import nowhere",
        binary=check_plugins,
    ),
    op("it gave None back; expected a list of specs", "None"),
    op("it gave [] back; expected a list of specs", "[]"),
    op("it gave 'conv' back; expected a list of specs", "'conv'"),
    op(r"it gave '\x1b[2J' back; expected a list of specs", r"'\x1b[2J'"),
    op("it gave [3] back; expected a list of specs", "[3]"),
    op(
        "two specs are called 'bn'; a layer's names are its own",
        "[Conv('c', inputs, outputs), BatchNorm('bn', outputs), BatchNorm('bn', outputs)]",
    ),
    plugged(
        "objective 'own': it gave 'small' back; expected a number above 0",
        'PARTS = {"objectives": {"own": lambda network: "small"}}',
        "--objective=own",
    ),
    plugged(
        "objective 'own': it gave 0 back; expected a number above 0",
        'PARTS = {"objectives": {"own": lambda network: 0}}',
        "--objective=own",
    ),
    plugged(
        "objective 'own': it gave nan back; expected a number above 0",
        'PARTS = {"objectives": {"own": lambda network: float("nan")}}',
        "--objective=own",
    ),
    plugged(
        "objective 'own': it gave inf back; expected a number above 0",
        'import numpy\nPARTS = {"objectives": {"own": lambda network: numpy.float32("inf")}}',
        "--objective=own",
    ),
    plugged(
        "objective 'own': it gave -3 back; expected a number above 0",
        'import numpy\nPARTS = {"objectives": {"own": lambda network: numpy.array(-3)}}',
        "--objective=own",
    ),
    plugged(
        "objective 'own': it gave True back; expected a number above 0",
        'import numpy\nPARTS = {"objectives": {"own": lambda network: numpy.bool_(True)}}',
        "--objective=own",
    ),
    plugged(
        "objective 'own': it gave array([3]) back; expected a number above 0",
        'import numpy\nPARTS = {"objectives": {"own": lambda network: numpy.array([3])}}',
        "--objective=own",
    ),
    Case(
        transfer,
        (*SEARCH, f"--architecture={WIDE}", "--plugins=mine.py", "--perturbation=own"),
        "perturbation 'own': it gave None back; expected an Architecture",
        plugin('PARTS = {"perturbations": {"own": lambda *given: None}}'),
    ),
    Case(
        transfer,
        (*SEARCH, f"--architecture={WIDE}", "--plugins=mine.py", "--mutations=own"),
        "mutation 'own': it gave 'child' back; expected an Architecture",
        plugin('PARTS = {"mutations": {"own": lambda *given: "child"}}'),
    ),
]


@numbered("plugins", CASES)
def test_a_plugin_that_does_not_load_or_do_its_part_is_refused(refusal, case) -> None:
    check(case, refusal(case))

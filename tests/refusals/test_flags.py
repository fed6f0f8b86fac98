"""Values and names of flags."""

from eatnas_tf.bin import search

from .commands import CLEAR, SEARCH
from .harness import check, numbered, table

SINGLE = (
    "--conv_choices=sep",
    "--kernel_choices=3",
    "--skip_choices=1",
    "--width_choices=1",
    "--depth_choices=1",
)
CASES = table(
    search,
    SEARCH,
    (["--populaton=8"], "Unknown command line flag 'populaton'. Did you mean: population ?"),
    (["--population=many"], "flag --population=many: invalid literal for int() with base 10: 'many'"),
    (["--population=1"], "flag --population=1: 1 is not an integer in the range [2, 1000000]"),
    (["--population=9999999"], "flag --population=9999999: 9999999 is not an integer in the range …"),
    (["--population"], "Missing value for flag --population"),
    (["--nopopulation"], "Unknown command line flag 'nopopulation'. Did you mean: population ?"),
    (["--sample=9"], "--sample: 9 cannot be drawn from --population=8"),
    (["--cycles=-1"], "flag --cycles=-1: -1 is not a non-negative integer"),
    (["--patience=0"], "flag --patience=0: 0 is not a positive integer"),
    (["--min_delta=-1"], "flag --min_delta=-1: -1.0 is not …"),
    (
        ["--seed=2147483648"],
        "flag --seed=2147483648: 2147483648 is not an integer in the range [0, 2147483647]",
    ),
    (["--seed=1.5"], "flag --seed=1.5: invalid literal for int() with base 10: '1.5'"),
    (["--target=0"], "flag --target=0: 0.0 is not …"),
    (["--target=1e300"], "flag --target=1e300: 1e+300 is not …"),
    (["--target=nan"], "--target: nan is not a finite number"),
    (["--target_std=0"], "flag --target_std=0: 0.0 is not …"),
    (["--omega=-1e9"], "flag --omega=-1e9: -1000000000.0 is not …"),
    (["--omega=nan"], "--omega: nan is not a finite number"),
    (["--alpha=3"], "flag --alpha=3: 3.0 is not …"),
    (["--beta=x"], "flag --beta=x: could not convert string to float: 'x'"),
    (["--inherit=some"], "flag --inherit=some: value should be one of <equal|flexible|none>"),
    (["--width_base=output"], "flag --width_base=output: value should be one of <input|mobilenet_v2>"),
    (["--shortcut=none"], "flag --shortcut=none: value should be one of <projection|identity>"),
    (["--schedule=linear"], "flag --schedule=linear: value should be one of <constant|cosine|…"),
    (["--augmentation=mixup"], "flag --augmentation=mixup: value should be one of <none|flip|…"),
    (["--engine=torch"], "flag --engine=torch: value should be one of <shared_graph|keras>"),
    (["--distribution=cluster"], "flag --distribution=cluster: value should be one of <one_device|mirrored>"),
    (["--epochs=0"], "flag --epochs=0: 0 is not an integer in the range [1, 1000000]"),
    (
        ["--batch_size=2000000"],
        "flag --batch_size=2000000: 2000000 is not an integer in the range [1, 1048576]",
    ),
    (["--learning_rate=0"], "--learning_rate: 0 is not above 0"),
    (["--learning_rate=-1"], "flag --learning_rate=-1: -1.0 is not …"),
    (["--momentum=1"], "flag --momentum=1: 1.0 is not …"),
    (["--dropout=1"], "flag --dropout=1: 1.0 is not …"),
    (["--label_smoothing=-0.1"], "flag --label_smoothing=-0.1: -0.1 is not …"),
    (["--auxiliary_weight=-1"], "flag --auxiliary_weight=-1: -1.0 is not …"),
    (["--image_size=0"], "flag --image_size=0: 0 is not an integer in the range [1, 16384]"),
    (["--image_size=99999999"], "flag --image_size=99999999: 99999999 is not …"),
    (["--channels=3"], "channels: 3 was asked for, the dataset has 1; drop the flag"),
    (["--num_classes=7"], "num_classes: 7 was asked for, the dataset has 10; drop the flag"),
    (["--stem_filters=0"], "flag --stem_filters=0: 0 is not an integer in the range [1, 1048575]"),
    (["--head_filters=1048576"], "flag --head_filters=1048576: 1048576 is not …"),
    (["--stem_stride=99999"], "flag --stem_stride=99999: 99999 is not …"),
    (["--strides=1,1"], "--strides: 2 given for --blocks=5; expected one a block"),
    (["--blocks=4"], "--strides: 5 given for --blocks=4; expected one a block"),
    (["--blocks=1000"], "flag --blocks=1000: 1000 is not an integer in the range [1, 999]"),
    (["--strides=1,x,1,1,1"], "--strides: 'x' is not a whole number from 1 to 10000"),
    (["--strides=1,0,1,1,1"], "--strides: '0' is not a whole number from 1 to 10000"),
    ([f"--strides=1,{'9' * 5000},1,1,1"], "--strides: '9999…"),
    (["--strides="], "--strides: the list is empty; give at least one value"),
    (["--layers=30,40"], "layers: no architecture has 30 to 40; 5 blocks can have 5 to 10"),
    (["--layers=9,8"], "--layers: 9 is more than 8; expected LO,HI with LO at most HI"),
    (["--layers=8"], "--layers: '8' is not LO,HI such as 8,16"),
    (["--layers=8,x"], "--layers: '8,x' is not LO,HI such as 8,16"),
    (["--layers=5,inf"], "--layers: '5,inf' is not LO,HI such as 8,16"),
    (["--layers=5.5,8"], "--layers: '5.5,8' is not LO,HI such as 8,16"),
    (["--expansion=2,nan"], "--expansion: '2,nan' is not LO,HI such as 8,16"),
    (["--expansion=500,600"], "expansion: no architecture has 500 to 600; 5 blocks can have 0.0833333 to 32"),
    (
        ["--conv_choices=sep,mbx"],
        "no conv op 'mbx' among mb1, mb3, mb6, sep; one of your own needs --plugins; did you mean 'mb6'?",
    ),
    (["--conv_choices=sep,m_b"], "--conv_choices: 'm_b' is not a word of letters, digits and dots"),
    (["--kernel_choices=3,3"], "primitive kernel: 3, 3 names a value twice"),
    (["--kernel_choices=3,five"], "--kernel_choices: 'five' is not a whole number from 1 to 999"),
    (["--skip_choices=2"], "--skip_choices: '2' is not 0 or 1"),
    (["--depth_choices=0"], "--depth_choices: '0' is not a whole number from 1 to 999"),
    (["--depth_choices="], "--depth_choices: the list is empty; give at least one value"),
    (["--width_choices=0,1"], "--width_choices: '0' is not a number above 0"),
    (["--width_choices=1e3"], "--width_choices: '1e3' is not a number above 0"),
    (
        ["--width_choices=1000000", "--expansion="],
        "block 1, width: 12 x 1000000.0 channels; expected fewer than 1048576",
    ),
    (
        ["--perturbation=every_blok"],
        "no perturbation 'every_blok' among every_block, one_block, random; "
        "one of your own needs --plugins; did you mean 'every_block'?",
    ),
    (["--strategy=random:5"], "--strategy=random:5: random takes no argument; give --strategy=random"),
    (
        ["--strategy=evolution:"],
        "--strategy=evolution:: evolution takes no argument; give --strategy=evolution",
    ),
    (
        ["--strategy=randm"],
        "no strategy 'randm' among evolution, local_search, random; "
        "one of your own needs --plugins; did you mean 'random'?",
    ),
    (
        ["--mutations=kernal"],
        "no mutation 'kernal' among conv, depth, kernel, skip, width; "
        "one of your own needs --plugins; did you mean 'kernel'?",
    ),
    (
        ["--objective=latency"],
        "no objective 'latency' among mult_adds, params; one of your own needs --plugins",
    ),
    (
        ["--primitives=squeeze"],
        "no primitive 'squeeze' among conv, depth, kernel, skip, width; one of your own needs --plugins",
    ),
    (
        [*SINGLE, "--layers=", "--expansion="],
        "the space has a single architecture: give some primitive more than one choice",
    ),
    (
        ["--train_examples=50000"],
        "--train_examples: 50000 is more than the 5000 training images of fashion_mnist_mini; "
        "give fewer, or 0 for all",
    ),
    (["--train_examples=1"], "--train_examples: 1 is not at least 2, or 0 for all"),
    (
        ["--validation=5000"],
        "--validation: 5000 of 5000 training images; expected at least 1 and fewer than all",
    ),
    (["--validation=0"], "--validation: 0 is neither a fraction above 0 and below 1 nor a whole number"),
    (["--validation=1.5"], "--validation: 1.5 is neither a fraction above 0 and below 1 nor a whole number"),
    (["--validation=inf"], "--validation: inf is not a finite number"),
    (["--logical_cpus=2"], "--logical_cpus splits the CPU for --distribution=mirrored; add that flag"),
    (["--logical_cpus=65"], "flag --logical_cpus=65: 65 is not an integer in the range [0, 64]"),
    (["--workers=0"], "flag --workers=0: 0 is not an integer in the range [1, 64]"),
    (["--workers=65"], "flag --workers=65: 65 is not an integer in the range [1, 64]"),
    (
        ["--workers=2", "--distribution=mirrored"],
        "--workers: 2 with --distribution=mirrored, which trains one candidate on all devices; "
        "use --workers=1 or --distribution=one_device",
    ),
    (
        ["--engine=shared_graph", "--distribution=mirrored"],
        "--engine=shared_graph trains on one device; use --engine=keras with --distribution=mirrored",
    ),
    (
        ["--engine=shared_graph", "--precision=mixed_float16"],
        "--engine=shared_graph trains in float32; use --engine=keras with --precision=mixed_float16",
    ),
    (["--precision=float16"], "flag --precision=float16: value should be one of …"),
    (["--max_hours=-1"], "flag --max_hours=-1: -1.0 is not …"),
    (["--max_hours=nan"], "--max_hours: nan is not a finite number"),
    (["--top_k=0"], "flag --top_k=0: 0 is not a positive integer"),
    (["--workdir="], "--workdir is missing; give a folder, new or of an earlier run of this command"),
    (["extra"], "'extra' is not a flag; flags start with -- (see --help)"),
    (["-"], "'-' is not a flag; flags start with -- (see --help)"),
    ([f"--{CLEAR}=3"], r"Unknown command line flag '\x1b[2J'"),
    ([CLEAR], r"'\x1b[2J' is not a flag; flags start with -- (see --help)"),
    (
        [f"--mutations=[red]{CLEAR}"],
        r"no mutation '[red]\x1b[2J' among conv, depth, kernel, skip, width; one of your own needs --plugins",
    ),
    (["--verbosity=loud"], "flag --verbosity=loud: invalid literal for int() with base 10: 'loud'"),
    (["--stderrthreshold=loud"], "--stderrthreshold must be one of …"),
    (["--logger_levels=loud"], "flag --logger_levels=loud: …"),
    (
        ["--flagfile=missing"],
        "--flagfile=missing: cannot be read (No such file or directory); give a file of flags, one a line",
    ),
    (["--flagfile=."], "--flagfile=.: cannot be read (Is a directory); give a file of flags, one a line"),
    (["--flagfile="], "--flagfile names no file; give --flagfile=FILE with flags, one a line"),
    (["--flagfile"], "--flagfile names no file; give --flagfile=FILE with flags, one a line"),
)


@numbered("flags", CASES)
def test_a_flag_that_is_unknown_or_cannot_have_its_value_is_refused(refusal, case) -> None:
    check(case, refusal(case))

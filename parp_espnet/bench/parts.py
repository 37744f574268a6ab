"""What there is to measure: which way is compared with which, at what sizes."""

from dataclasses import dataclass

POOLS = ("10m", "85m", "302m")
SCORES = ("router", "movement", "moment", "activation")
"""What weights are ranked by beside magnitudes."""
ALTERNATIVES = (
    "torch_global_unstructured",
    "concat_kthvalue",
    "concat_topk",
    "read",
    "two_reads_one_rewrite",
)
"""What selection is compared with. Names stand here, so that who only reads options loads none of
the modules.
"""
CAREFUL = "openvino_int8_careful"
RUNTIMES = (
    "onnx",
    "onnx_int8_dynamic",
    "onnx_int8",
    "openvino",
    "openvino_int8",
    CAREFUL,
)
"""Ways to run an exported model."""
LEAST = ("least", "least_conv50")
SPEED_SHAPES = {
    "dense": (1.0, 1.0),
    "units50": (0.5, 1.0),
    "units75": (0.25, 1.0),
    "units25_conv25": (0.75, 0.75),
    "units50_conv25": (0.5, 0.75),
    "units50_conv50": (0.5, 0.5),
    "units75_conv25": (0.25, 0.75),
    "units75_conv50": (0.25, 0.5),
    "least": (0.0, 1.0),
    "least_conv50": (0.0, 0.5),
}
"""Which share of feed-forward units and heads is left, and of the convolutions' channels; of the
least, one unit and one head in a layer.
"""
SPEED_RUNTIMES = (
    "torch",
    "onnx",
    "onnx_int8",
    "openvino",
    "openvino_int8",
    CAREFUL,
)
CAREFUL_SHAPES = ("dense", "units50", "units25_conv25", "units50_conv25")
SPEED_NOTES = (
    "speed: 1 / ratio is how many times as fast as dense PyTorch in fp32. Amdahl's limit of "
    "pruning units and heads is .least, with one of each left in a layer: what remains is the "
    "convolutions'. With half of their channels the limit is .least_conv50.",
    "speed: left out are unstructured zeros, which no runtime here computes faster up to 90 % (CSR "
    "in torch 1.03 times at 90 %, .42 at 50 %; OpenVINO's sparse decompression without effect); "
    "DeepSparse, dead and not free; onnxruntime's dynamic int8 (ONLY=int8); OpenVINO's own choice "
    "of bf16, slower here and another model.",
    "speed: int8 has one convolution in float, as an export has it where the validation set shows "
    "that it is near; careful int8 has three, as it has it elsewhere.",
)


MEMORY_NOTES = (
    "memory: the peak of resident memory of a whole training, all that is imported included, of "
    "one batch of utterances of 10 s: of 20 s, and of 60. Convolutions are frozen in both.",
)


def _speed_pairs() -> tuple[tuple[str, str, str], ...]:
    pairs = []
    for runtime in SPEED_RUNTIMES:
        for shape in SPEED_SHAPES:
            way = f"{runtime}.{shape}"
            limits = shape in LEAST and "int8" in runtime
            if runtime == CAREFUL and shape not in CAREFUL_SHAPES:
                continue
            if way != "torch.dense" and not limits:
                pairs.append((f"speed.{way}", way, "torch.dense"))
    return tuple(pairs)


@dataclass(frozen=True)
class Part:
    """A module whose `python3 -m MODULE WAY SIZE THREADS [DEVICE]` prints one
    measurement as JSON.
    """

    module: str
    sizes: tuple[str, ...]
    pairs: tuple[tuple[str, str, str], ...]
    """What a line is called, without the size; our way; the way that it is compared with."""
    rounds: int = 1
    """How often all ways take their turn; the best turn counts. More where a difference is small.
    """
    on_gpu: bool = False
    """Whether there is something to measure on a GPU."""
    notes: tuple[str, ...] = ()
    """What is said below the table."""
    threads: tuple[int, ...] = (1, 2)
    """On a CPU: with how many it is measured."""
    of_checkouts: bool = False
    """Whether another checkout is what this one is compared with: a last word, its path."""

    @property
    def ways(self) -> list[str]:
        """Every way once."""
        ways: dict[str, None] = {}
        for _, way, other in self.pairs:
            ways |= {way: None, other: None}
        return list(ways)


PARTS = {
    "select": Part(
        "parp_espnet.bench.selection",
        POOLS,
        tuple(("select.reprune", "ours", way) for way in ALTERNATIVES),
        on_gpu=True,
    ),
    "scores": Part(
        "parp_espnet.bench.scores",
        POOLS,
        tuple((f"select.{score}", score, "magnitude") for score in SCORES),
        rounds=2,
        on_gpu=True,
    ),
    "step": Part(
        "parp_espnet.bench.step",
        ("base",),
        (("step.parp", "parp", "dense"), ("step.fixed", "fixed", "dense")),
        rounds=3,
        on_gpu=True,
    ),
    "memory": Part(
        "parp_espnet.bench.finetuning",
        ("base_20s", "base_60s"),
        (
            ("memory.parp", "parp", "stock"),
            ("memory.checkpointing", "parp_checkpointing", "stock"),
        ),
        notes=MEMORY_NOTES,
        threads=(1,),
    ),
    "decode": Part(
        "parp_espnet.bench.decode",
        ("1min", "6min"),
        (("decode", "ours", "stock"), ("decode", "ours", "stock_beam20")),
    ),
    "check": Part("parp_espnet.bench.check", ("10k",), (("check", "check", "read"),)),
    "segments": Part(
        "parp_espnet.bench.segments",
        ("1h",),
        (("segments.stage1", "stage1", "whole"), ("segments.stage2", "stage2", "whole")),
    ),
    "checkouts": Part(
        "parp_espnet.bench.checkouts",
        ("help", "dry_run", "complete", "100updates"),
        (("checkouts", "ours", "theirs"),),
        rounds=3,
        of_checkouts=True,
    ),
    "study": Part(
        "parp_espnet.bench.checkouts",
        ("quick",),
        (("study", "ours", "theirs"),),
        of_checkouts=True,
    ),
    "mask": Part(
        "parp_espnet.bench.mask",
        POOLS,
        (("mask.write", "write", "torch_save"), ("mask.read", "read", "torch_load")),
    ),
    "sparse": Part(
        "parp_espnet.bench.sparse",
        ("small80", "base50", "base70", "base90"),
        tuple(("sparse.read", "sparse", way) for way in ("dense", "fp16", "fp16_zstd", "csr")),
    ),
    "runtimes": Part(
        "parp_espnet.bench.runtimes",
        ("6min",),
        (
            *((f"decode.{way}", way, "stock") for way in RUNTIMES),
            ("decode.openvino", "openvino", "ours"),
        ),
    ),
    "int8": Part(
        "parp_espnet.bench.runtimes",
        ("base",),
        tuple((f"forward.{way}", way, "torch") for way in RUNTIMES),
        rounds=2,
    ),
    "speed": Part(
        "parp_espnet.bench.speed",
        ("base", "small"),
        _speed_pairs(),
        notes=SPEED_NOTES,
    ),
}

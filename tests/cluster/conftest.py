"""A Slurm of two nodes and a Grid Engine of one on this machine, from Debian's packages, while
these tests run.

Everything of them is in temporary directories and at ports of their own; whatever scheduler the
machine may have otherwise is not touched.
"""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from parp_espnet.queues.signals import guard

ROOT = Path(__file__).resolve().parents[2]
SSH = {"sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}
SLURM = {"munged": "munge", "slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client"}
GRID_ENGINE = {
    "qsub": "gridengine-client",
    "sge_qmaster": "gridengine-master",
    "sge_execd": "gridengine-exec",
}
SHARED = Path("/usr/share/gridengine")
LIBRARY = Path("/usr/lib/gridengine")
Ports = Callable[[int], list[int]]


NEVER_SECONDS = 1200
"""Whoever waits so long waits for ever. It is no measure: machines differ, and may be busy."""


@dataclass(frozen=True)
class Cluster:
    """A running scheduler."""

    root: Path
    variables: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        return {**os.environ, **self.variables, "PYTHONPATH": str(ROOT)}

    def ask(self, *words: str, **variables: str) -> str:
        """Run one of the scheduler's commands, which has to succeed; return what it said."""
        done = self._run_one(words, variables)
        assert done.returncode == 0, (
            f"{' '.join(words)}: exit code {done.returncode}: {done.stdout}{done.stderr}"
        )
        return done.stdout + done.stderr

    def answer(self, *words: str) -> str:
        """What a scheduler's command prints; nothing when it fails, as it does until the daemons
        have begun.

        An error is no answer, whatever stands in it: it may well name the host.
        """
        done = self._run_one(words, {})
        return done.stdout if done.returncode == 0 else ""

    def _run_one(
        self, words: tuple[str, ...], variables: dict[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        environment = self.environment | variables
        return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)

    def run(self, *words: str, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command that submits to it."""
        return subprocess.run(
            [*command.split(), *words],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
        )

    def start(self, *words: str, command: str) -> "subprocess.Popen[str]":
        """Start a command that submits to it."""
        return subprocess.Popen(
            [*command.split(), *words], env=self.environment, stderr=subprocess.PIPE, text=True
        )

    @staticmethod
    def wait_until(
        met: Callable[[], bool], what: str, process: "subprocess.Popen[str] | None" = None
    ) -> None:
        """Wait until something is so.

        Fails when the process has ended from which it is expected, or when it never comes.
        """
        deadline = time.monotonic() + NEVER_SECONDS
        while not met():
            if process is not None and process.poll() is not None:
                assert met(), f"ended before {what}: {process.communicate()[1]}"
            assert time.monotonic() < deadline, f"waited {NEVER_SECONDS} s for {what}"
            time.sleep(0.1)

    @staticmethod
    def end_of(process: "subprocess.Popen[str]") -> str:
        """Wait for a command's end; return what it said."""
        return process.communicate(timeout=NEVER_SECONDS)[1]


def packages_or_skip(needed: dict[str, str]) -> None:
    """Skip unless we are root and have the programs of `needed`, whose packages are installed where
    they are not.
    """
    if os.geteuid() != 0:
        pytest.skip("a scheduler's daemons need root")
    missing = [package for program, package in needed.items() if not which(program)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        pytest.skip(f"not installed, and there is no apt-get: {' '.join(missing)}")
    install = subprocess.run(
        # Who tests at the same time may be installing locales.
        [
            *("apt-get", "-o", "DPkg::Lock::Timeout=1200", "install", "--yes"),
            *("--no-install-recommends", *missing),
        ],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )
    if install.returncode != 0:
        lines = install.stderr.strip().splitlines() or ["it said nothing"]
        pytest.skip(f"cannot install {' '.join(missing)}: {lines[-1]}")


def which(program: str) -> str | None:
    """Find a program, a daemon included."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a space in its path."""
    directory = tmp_path / "my experiment"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory, ports: Ports) -> Iterator[Cluster]:
    """A cluster with nodes `node1` and `node2`, and partitions `cpu` and `short` (one minute)."""
    packages_or_skip(SLURM)
    root = tmp_path_factory.mktemp("slurm")
    cluster = Cluster(root, {"SLURM_CONF": str(root / "slurm.conf")})
    host = socket.gethostname().partition(".")[0]
    config = (Path(__file__).parent / "slurm.conf").read_text()
    (root / "slurm.conf").write_text(config.format(root=root, host=host, ports=ports(4)))
    (root / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    for name in ("state", "spool/node1", "spool/node2"):
        (root / name).mkdir(parents=True)
    key = root / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    munge = [
        *("--foreground", "--force", "--socket", f"{root}/munge.sock", "--key-file", str(key)),
        *(
            "--log-file",
            f"{root}/munged.log",
            "--pid-file",
            f"{root}/munged.pid",
            "--seed-file",
            f"{root}/munged.seed",
        ),
    ]
    with contextlib.ExitStack() as stack:
        stack.enter_context(daemon(cluster, "munged", *munge))
        cluster.wait_until((root / "munge.sock").exists, "munged")
        stack.enter_context(daemon(cluster, "slurmctld", "-D", "-c"))
        for node in ("node1", "node2"):
            stack.enter_context(daemon(cluster, "slurmd", "-D", "-N", node))
        idle = ("sinfo", "-h", "-N", "-p", "cpu", "-t", "idle")
        cluster.wait_until(lambda: cluster.answer(*idle).count("node") == 2, "two nodes")
        yield cluster
        cluster.answer("scancel", "--user=root")  # a job may have ended by itself meanwhile
        cluster.wait_until(lambda: not cluster.ask("squeue", "-h"), "the last jobs to end")


@pytest.fixture(scope="session")
def grid_engine(ports: Ports) -> Iterator[Cluster]:
    """A cluster of this host, with four slots in the queue `all.q` and the parallel environment
    `smp`.
    """
    packages_or_skip(GRID_ENGINE)
    # Its master is not root, and pytest's own directories are private.
    with tempfile.TemporaryDirectory(prefix="sge-") as directory:
        root = Path(directory)
        root.chmod(0o755)
        yield from run_grid_engine(root, *ports(2))


def run_grid_engine(root: Path, master: int, node: int) -> Iterator[Cluster]:
    """Run it from a directory of its own, at these ports."""
    variables = {"SGE_ROOT": str(root), "SGE_CELL": "default"}
    variables |= {"SGE_QMASTER_PORT": str(master), "SGE_EXECD_PORT": str(node)}
    cluster = Cluster(root, variables)
    lay_out_grid_engine(root)
    library = {"LD_LIBRARY_PATH": str(LIBRARY)}
    user = ("setpriv", "--reuid", "sgeadmin", "--regid", "sgeadmin", "--clear-groups")
    cluster.ask(
        *user,
        f"{LIBRARY}/spoolinit",
        "berkeleydb",
        "libspoolb",
        f"{root}/spool/db",
        "init",
        **library,
    )
    resources = SHARED / "util/resources"
    for words in (
        ("configuration", str(root / "configuration")),
        ("complexes", str(resources / "centry")),
        ("usersets", str(resources / "usersets")),
        ("managers", "sgeadmin", "root"),
    ):
        cluster.ask(*user, f"{LIBRARY}/spooldefaults.bin", *words, **library)
    with contextlib.ExitStack() as stack:
        stack.enter_context(daemon(cluster, "sge_qmaster", SGE_ND="1", **library))
        host = socket.gethostname()
        cluster.wait_until(lambda: host in cluster.answer("qconf", "-sh"), "the master")
        set_up_grid_engine(cluster, host)
        stack.enter_context(daemon(cluster, "sge_execd", SGE_ND="1", **library))
        cluster.wait_until(lambda: "lx-" in cluster.answer("qstat", "-f"), "the node")
        yield cluster
        cluster.answer("qdel", "-u", "*")
        cluster.wait_until(lambda: not cluster.ask("qstat", "-u", "*"), "the last jobs to end")


@pytest.fixture(scope="session")
def machines(tmp_path_factory: pytest.TempPathFactory, ports: Ports) -> Iterator[Cluster]:
    """This machine under the names `one` and `two`, to be logged in to by `ssh -F ssh_config`."""
    packages_or_skip(SSH)
    root = tmp_path_factory.mktemp("ssh")
    cluster = Cluster(root, {})
    for name in ("host", "user"):
        cluster.ask("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(root / name))
    shutil.copy(root / "user.pub", root / "authorized_keys")
    port = ports(1)[0]
    (root / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {root}/host\nAuthorizedKeysFile "
        f"{root}/authorized_keys\n"
        f"PidFile {root}/sshd.pid\nStrictModes no\nPermitRootLogin yes\nUsePAM no\n"
    )
    (root / "ssh_config").write_text(
        f"Host one two\nHostName 127.0.0.1\nPort {port}\nUser root\nIdentityFile "
        f"{root}/user\nLogLevel ERROR\n"
        "IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n"
        "Host gone\nHostName 127.0.0.1\nPort 1\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)  # where sshd drops its privileges
    with daemon(cluster, "sshd", "-D", "-e", "-f", f"{root}/sshd_config"):
        log_in = ("ssh", "-F", f"{root}/ssh_config", "one", "echo", "here")
        cluster.wait_until(lambda: cluster.answer(*log_in) == "here\n", "sshd")
        yield cluster


def lay_out_grid_engine(root: Path) -> None:
    """Make the directories and files that the master begins with."""
    common = root / "default/common"
    for name in ("default/common", "bin", "spool/db", "spool/qmaster/job_scripts", "spool/execd"):
        (root / name).mkdir(parents=True)
    (root / "util").symlink_to(SHARED / "util")
    bootstrap = (SHARED / "default-bootstrap").read_text()
    bootstrap = bootstrap.replace("/var/spool/gridengine/spooldb", f"{root}/spool/db")
    (common / "bootstrap").write_text(bootstrap.replace("/var/spool/gridengine", f"{root}/spool"))
    changes = {
        "min_uid": "0",
        "min_gid": "0",
        "load_report_time": "00:00:01",
        "execd_spool_dir": f"{root}/spool/execd",
    }
    changes["reporting_params"] = (
        "accounting=true reporting=false flush_time=00:00:01 joblog=false sharelog=00:00:00"
    )
    (root / "configuration").write_text(
        changed((SHARED / "default-configuration").read_text(), **changes)
    )
    (common / "act_qmaster").write_text(f"{socket.gethostname()}\n")
    # The name may be that of the loopback interface.
    (common / "host_aliases").write_text(f"{socket.gethostname()} localhost\n")
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            shutil.chown(path, "sgeadmin", "sgeadmin")


def set_up_grid_engine(cluster: Cluster, host: str) -> None:
    """Tell the master its host, parallel environment, queue, and to schedule at once."""

    def add(option: str, text: str) -> None:
        file = cluster.root / "added"
        file.write_text(text)
        cluster.ask("qconf", option, str(file))

    cluster.ask("qconf", "-as", host)
    nones = (
        "load_scaling complex_values user_lists xuser_lists projects xprojects usage_scaling "
        "report_variables"
    )
    add("-Ae", f"hostname {host}\n" + "".join(f"{name} NONE\n" for name in nones.split()))
    cluster.ask("qconf", "-Ap", str(SHARED / "util/resources/pe/smp"))
    queue = changed(
        cluster.ask("qconf", "-sq"), qname="all.q", hostlist=host, slots="4", pe_list="smp"
    )
    add("-Aq", changed(queue, load_thresholds="NONE", shell_start_mode="unix_behavior"))
    scheduler = cluster.ask("qconf", "-ssconf")
    add(
        "-Msconf",
        changed(scheduler, schedule_interval="0:0:1", flush_submit_sec="1", flush_finish_sec="1"),
    )


def changed(text: str, **values: str) -> str:
    """Change the lines `NAME VALUE` of a configuration."""
    for name, value in values.items():
        text = re.sub(rf"^{name}\s.*$", f"{name} {value}", text, flags=re.MULTILINE)
    return text


@contextlib.contextmanager
def daemon(
    cluster: Cluster, program: str, *options: str, **variables: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a daemon in the foreground, which our own death, however it comes, ends too."""
    path = which(program)
    assert path is not None
    with (cluster.root / f"{program}.out").open("ab") as output:
        process = subprocess.Popen(
            [path, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=cluster.environment | variables,
            start_new_session=True,
        )
    watch = guard(process)
    try:
        yield process
    finally:
        watch.kill()
        watch.communicate()
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

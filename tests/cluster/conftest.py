"""A Slurm of two nodes on this machine, from Debian's packages, for as long as the tests of this directory run.

Everything of it is in a temporary directory and at ports of its own; whatever Slurm the machine may have otherwise is
not touched. The nodes share this machine.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = {"munged": "munge", "slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client"}
# No SlurmDBD: how a job ended is known for MinJobAge seconds.
CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge.sock
CredType=cred/munge
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.%n.log
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=1,sched_interval=1
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MinJobAge=300
KillWait=5
DefMemPerCPU=200
MpiDefault=none
NodeName=node[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{ports[2]}-{ports[3]}] CPUs=2 RealMemory=4000
PartitionName=cpu Nodes=node[1-2] Default=YES State=UP
PartitionName=short Nodes=node[1-2] MaxTime=1 State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A running Slurm."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find it."""
        return {"SLURM_CONF": str(self.root / "slurm.conf")}

    def ask(self, *words: str) -> str:
        """Run one of Slurm's commands."""
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, env={**os.environ, **self.environment}
        )
        return done.stdout + done.stderr

    @staticmethod
    def wait_until(met: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Wait until something is so; fail when it takes too long."""
        deadline = time.monotonic() + seconds
        while not met():
            assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
            time.sleep(0.1)


def packages_or_skip(needed: dict[str, str]) -> None:
    """Skip unless we are root and have the programs of `needed`, whose packages are installed where they are not."""
    if os.geteuid() != 0:
        pytest.skip("a scheduler's daemons need root")
    missing = [package for program, package in needed.items() if not which(program)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        pytest.skip(f"not installed, and there is no apt-get: {' '.join(missing)}")
    install = subprocess.run(
        ["apt-get", "install", "--yes", "--no-install-recommends", *missing],
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


def free_ports(count: int) -> list[int]:
    """Return neighbouring ports that nobody listens at."""
    while True:
        with contextlib.ExitStack() as stack:
            first = 20000 + secrets.randbelow(20000)
            try:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return list(range(first, first + count))


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster with nodes `node1` and `node2`, and partitions `cpu` and `short` (one minute)."""
    packages_or_skip(PACKAGES)
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    root = cluster.root
    host = socket.gethostname().partition(".")[0]
    (root / "slurm.conf").write_text(CONFIG.format(root=root, host=host, ports=free_ports(4)))
    (root / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
    for name in ("state", "spool/node1", "spool/node2"):
        (root / name).mkdir(parents=True)
    key = root / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    key.chmod(0o400)
    munge = [
        *("--foreground", "--force", "--socket", f"{root}/munge.sock", "--key-file", str(key)),
        *("--log-file", f"{root}/munged.log", "--pid-file", f"{root}/munged.pid", "--seed-file", f"{root}/munged.seed"),
    ]
    with contextlib.ExitStack() as stack:
        stack.enter_context(daemon(cluster, "munged", *munge))
        cluster.wait_until((root / "munge.sock").exists, "munged")
        stack.enter_context(daemon(cluster, "slurmctld", "-D", "-c"))
        for node in ("node1", "node2"):
            stack.enter_context(daemon(cluster, "slurmd", "-D", "-N", node))
        cluster.wait_until(lambda: cluster.ask("sinfo", "-h", "-N", "-p", "cpu", "-t", "idle").count("node") == 2, "two nodes")
        yield cluster
        cluster.ask("scancel", "--user=root")
        cluster.wait_until(lambda: not cluster.ask("squeue", "-h"), "the last jobs to end")


@contextlib.contextmanager
def daemon(cluster: Cluster, program: str, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a daemon in the foreground, which our own death, however it comes, ends too."""
    path = which(program)
    assert path is not None
    with (cluster.root / f"{program}.out").open("ab") as output:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", path, *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **cluster.environment},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""One process or several: torchrun starts them, gloo joins them on CPUs, NCCL on GPUs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

Item = TypeVar("Item")

_LONGEST_WAIT = timedelta(days=1)  # while another process segments its share of a large cohort


@dataclass(frozen=True)
class Processes:
    """This process among those of a training.

    Parameters
    ----------
    rank, count
        Its number, and how many there are. Number 0 writes files and speaks.
    device
        Where it computes.
    """

    rank: int
    count: int
    device: str

    @property
    def leads(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def join(self, network: nn.Module) -> nn.Module:
        """The network with gradients averaged over all processes."""
        if self.count == 1:
            return network
        return DistributedDataParallel(
            network, device_ids=[torch.cuda.current_device()] if self.device == "cuda" else None
        )

    def share(self, items: list[Item]) -> list[Item]:
        """What this process takes of a list."""
        return items[self.rank :: self.count]

    def gather(self, share: list[Item]) -> list[Item]:
        """The whole list, of which each process had made its share."""
        if self.count == 1:
            return share
        shares: list[list[Item]] = [[] for _ in range(self.count)]
        dist.all_gather_object(shares, share)
        return [shares[index % self.count][index // self.count] for index in range(sum(map(len, shares)))]

    def mean(self, value: float) -> float:
        """Of the values of all processes; no number if that of one is none."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.double, device=self.device)
        dist.all_reduce(total)
        return float(total) / self.count

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            dist.barrier()

    def agree_on_buffers(self, network: nn.Module) -> None:
        """Running statistics of batch normalization become those of process 0."""
        if self.count > 1:
            for buffer in network.buffers():
                dist.broadcast(buffer, 0)


@contextmanager
def joined_processes(device: str) -> Iterator[Processes]:
    """This process alone, or joined with the others that torchrun started.

    Parameters
    ----------
    device
        ``"cpu"``, ``"cuda"`` or ``"mps"``; each process takes a GPU of its own.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes(0, 1, device)
        return
    if device == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if device == "cuda" else "gloo", timeout=_LONGEST_WAIT)
    try:
        yield Processes(dist.get_rank(), count, device)
    finally:
        dist.destroy_process_group()

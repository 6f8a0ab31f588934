"""Names of the ways in which an answer is attributed to pixels; nothing of torch."""

from __future__ import annotations

from typing import Literal

Method = Literal["guided-backprop", "deconvnet", "gradient", "integrated-gradients"]

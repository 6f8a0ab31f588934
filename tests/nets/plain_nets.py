"""Networks of many kinds, each with its maps written out a second time, slowly and plainly.

`Net.maps(x)` gives what every layer's map must be: each step anew, nothing in place, no
module called, so that it shares no more with the taps than torch's own functions.
"""

import torch
from torch import nn
from torch.nn import functional as F


def conv(part, x):
    return F.conv2d(
        x, part.weight, part.bias, part.stride, part.padding, part.dilation, part.groups
    )


def norm(part, x):
    if isinstance(part, nn.GroupNorm):
        return F.group_norm(x, part.num_groups, part.weight, part.bias, part.eps)
    return F.batch_norm(
        x, part.running_mean, part.running_var, part.weight, part.bias, False, 0.0, part.eps
    )


class Net(nn.Module):
    size = 16
    channels_in = 1
    out: nn.Module

    def head(self, x):
        return self.out(x.mean(dim=(2, 3)))


class Block(nn.Module):
    """A basic residual block: the second ReLU takes the sum, which is written in place."""

    def __init__(self, taken, given, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(taken, given, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(given)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(given, given, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(given)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or taken != given:
            self.downsample = nn.Sequential(
                nn.Conv2d(taken, given, 1, stride, bias=False), nn.BatchNorm2d(given)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class Residual18(Net):
    """ResNet-18 with few channels."""

    channels_in = 3
    size = 32

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(3, 2, 1)
        widths = (4, 6, 8, 10)
        for i, width in enumerate(widths):
            before = widths[max(i - 1, 0)]
            blocks = Block(before, width, 1 + (i > 0)), Block(width, width, 1)
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
        self.out = nn.Linear(10, 2)

    def forward(self, x):
        x = self.pool(self.relu(self.bn1(self.conv1(x))))
        for i in range(1, 5):
            x = getattr(self, f"layer{i}")(x)
        return self.head(x)

    def maps(self, x):
        maps = {"conv1": torch.relu(norm(self.bn1, conv(self.conv1, x)))}
        x = F.max_pool2d(maps["conv1"], 3, 2, 1)
        for i in range(1, 5):
            for j, block in enumerate(getattr(self, f"layer{i}")):
                name = f"layer{i}.{j}"
                maps[f"{name}.conv1"] = torch.relu(norm(block.bn1, conv(block.conv1, x)))
                y = conv(block.conv2, maps[f"{name}.conv1"])
                maps[f"{name}.conv2"] = y
                y = norm(block.bn2, y)
                if block.downsample is not None:
                    down, bn = block.downsample
                    x = maps[f"{name}.downsample.0"] = conv(down, x)
                    x = norm(bn, x)
                x = torch.relu(y + x)
        return maps


class Dense(Net):
    """A dense block: norm, functional ReLU, convolution; all outputs are joined."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        for i in range(3):
            self.add_module(f"norm{i}a", nn.BatchNorm2d(4 + 2 * i))
            self.add_module(f"bottle{i}", nn.Conv2d(4 + 2 * i, 6, 1, bias=False))
            self.add_module(f"norm{i}b", nn.BatchNorm2d(6))
            self.add_module(f"grow{i}", nn.Conv2d(6, 2, 3, padding=1, bias=False))
        self.last = nn.BatchNorm2d(10)
        self.out = nn.Linear(10, 2)

    def forward(self, x):
        parts = [self.stem(x)]
        for i in range(3):
            y = F.relu(getattr(self, f"norm{i}a")(torch.cat(parts, 1)), inplace=True)
            y = F.relu(getattr(self, f"norm{i}b")(getattr(self, f"bottle{i}")(y)), inplace=True)
            parts.append(F.dropout(getattr(self, f"grow{i}")(y), 0.2, self.training))
        return self.head(F.relu(self.last(torch.cat(parts, 1))))

    def maps(self, x):
        maps = {"stem": conv(self.stem, x)}
        joined = maps["stem"]
        for i in range(3):
            y = torch.relu(norm(getattr(self, f"norm{i}a"), joined))
            y = norm(getattr(self, f"norm{i}b"), conv(getattr(self, f"bottle{i}"), y))
            maps[f"bottle{i}"] = torch.relu(y)
            maps[f"grow{i}"] = conv(getattr(self, f"grow{i}"), maps[f"bottle{i}"])
            joined = torch.cat([joined, maps[f"grow{i}"]], 1)
        return maps


class Mobile(Net):
    """Expanding 1 x 1, depthwise and grouped convolutions; ReLU6 in place, bare ends."""

    def __init__(self):
        super().__init__()
        self.expand = nn.Conv2d(1, 6, 1, bias=False)
        self.norm1 = nn.GroupNorm(2, 6)
        self.act = nn.ReLU6(inplace=True)
        self.depth = nn.Conv2d(6, 6, 3, 2, 1, groups=6, bias=False)
        self.norm2 = nn.BatchNorm2d(6)
        self.grouped = nn.Conv2d(6, 4, 3, padding=1, groups=2)
        self.gate = nn.Conv2d(4, 4, 1)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        x = self.act(self.norm1(self.expand(x)))
        x = self.grouped(F.hardswish(self.norm2(self.depth(x)), inplace=True))
        return self.head(x * self.gate(F.adaptive_avg_pool2d(x, 1)).sigmoid_())

    def maps(self, x):
        maps = {"expand": norm(self.norm1, conv(self.expand, x)).clamp(0, 6)}
        maps["depth"] = F.hardswish(norm(self.norm2, conv(self.depth, maps["expand"])))
        maps["grouped"] = conv(self.grouped, maps["depth"])
        pooled = F.adaptive_avg_pool2d(maps["grouped"], 1)
        maps["gate"] = torch.sigmoid(conv(self.gate, pooled))
        return maps


class Recurrent(Net):
    """One Sequential (conv, norm, shared ReLU) run three times, on maps of several sizes."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 3, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.step = nn.Sequential(
            nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Dropout2d(), self.relu
        )
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        x = self.step(self.relu(self.stem(x)))
        x = self.step(F.avg_pool2d(x, 2))
        return self.head(self.step(x[:, :, 1:]))

    def maps(self, x):
        maps = {"stem": torch.relu(conv(self.stem, x))}
        maps["step.0@1"] = torch.relu(norm(self.step[1], conv(self.step[0], maps["stem"])))
        x = F.avg_pool2d(maps["step.0@1"], 2)
        maps["step.0@2"] = torch.relu(norm(self.step[1], conv(self.step[0], x)))
        x = maps["step.0@2"][:, :, 1:]
        maps["step.0@3"] = torch.relu(norm(self.step[1], conv(self.step[0], x)))
        return maps


class Skipped(Net):
    """A convolution's output goes to a skip connection and a norm first and to a ReLU later; a
    norm that two share; a keyword argument; a user's own ReLU; a layout made plain."""

    class Own(nn.Module):
        def forward(self, x):
            return torch.relu(x)

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 3, 3, padding=1)
        self.two = nn.Conv2d(3, 3, 3, padding=1)
        self.three = nn.Conv2d(3, 3, 3, padding=1)
        self.side = nn.Conv2d(3, 3, 1)
        self.aside = nn.BatchNorm2d(3)
        self.norm = nn.BatchNorm2d(3)
        self.own = self.Own()
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        one = self.one(input=x)
        side = self.side(one) + self.aside(one)
        one = self.own(one)
        two = self.own(self.norm(self.two(one).contiguous()))
        three = self.norm(self.three(two))
        return self.head(self.own(three) + side)

    def maps(self, x):
        one = conv(self.one, x)
        maps = {"one": torch.relu(one), "side": conv(self.side, one)}
        maps["two"] = torch.relu(norm(self.norm, conv(self.two, maps["one"]).contiguous()))
        maps["three"] = torch.relu(norm(self.norm, conv(self.three, maps["two"])))
        return maps


class Bare(Net):
    """No nonlinearity takes these: a later write must not reach the maps."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 3, 3, padding=1)
        self.two = nn.Conv2d(3, 3, 3)
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        x = self.one(x)
        x *= 100
        x = self.two(x)
        x[:].relu_()
        return self.head(x)

    def maps(self, x):
        one = conv(self.one, x)
        return {"one": one, "two": conv(self.two, one * 100)}


NETS = (Residual18, Dense, Mobile, Recurrent, Skipped, Bare)

"""A run in which every name that somebody else chose is meant to do harm."""

from dataclasses import replace

import numpy as np
import pandas as pd

from facsinterp.activations.keeping.arrays import contents_of
from facsinterp.activations.keeping.layout import Layer
from facsinterp.activations.store import ActivationStore
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms
from facsinterp.labels import FilterId
from facsinterp.provenance import Provenance
from facsinterp.report.parts import ControlRun, Curve, Fact, Finding, Section
from tests.report import runs

LONG = "x" * 300
NAMES = (
    "<script>alert(1)</script>",
    "../../etc/passwd",
    '"onerror=alert(1) x="',
    "javascript:alert(1)",
    LONG,
    "\u202efdp.eslaf\u202c \u05d0\u05d1",
    "\U0001f600\U0001f469\u200d\U0001f52c",
    "two\nlines",
    "%2e%2e%2f%2e%2e%2f",
    "con",
    "Case",
    "case",
    "</script><img src=x onerror=alert(1)>",
    "'onmouseover='alert(1)",
    " onmouseover=alert(1) ",
    "nul.txt",
    "com1",
    "=1+1",
    "@SUM(A1)",
    "{{ 7 * 7 }}",
    "c:\\windows",
    "..",
    "&lt;b&gt;",
    "<!-- ",
    "https://example.org/x.png",
)
LAYERS = (*NAMES[:7], *NAMES[9:12])
"""Of one filter each: of the first nothing answers more, of the sixth nothing at all."""
HIDDEN = ("S03", "S07")
EMOTIONS = ("happy", "anger", "", *NAMES[:5])


def faces():
    """As in `runs.faces`, with landmarks; the apexes, which are looked at, have the names."""
    table = runs.faces()
    rng = np.random.default_rng(8)
    images = table.images.tolist()
    images[1 : 2 * len(NAMES) : 2] = NAMES
    owners = list(dict.fromkeys(table.column("subject").tolist()))
    known = {owner: owner for owner in owners}
    free = [owner for owner in owners if owner not in HIDDEN]
    known |= dict(zip(free, NAMES, strict=False))
    subject = [known[owner] for owner in table.column("subject").tolist()]
    sequence = [
        f"{known[owner]}_{name[-1]}"
        for owner, name in zip(
            table.column("subject").tolist(), table.column("sequence").tolist(), strict=True
        )
    ]
    return FaceTable.from_arrays(
        images,
        runs.UNITS,
        table.data["present"].values,
        intensity=table.data["intensity"].values,
        subject=subject,
        sequence=sequence,
        frame=table.data["frame"].values.tolist(),
        phase=table.column("phase").tolist(),
        expression=np.repeat(rng.choice(EMOTIONS, len(images) // 2), 2).tolist(),
        split=table.column("split").tolist(),
        landmarks=rng.uniform(0, 24, (len(images), 68, 2)),
        terms=Terms(NAMES[0], NAMES[2], frozenset({*subject} - {*HIDDEN})),
        found=Found(
            NAMES[0],
            dict.fromkeys(NAMES, 7),
            {NAMES[0]: 8},
            tuple((name, NAMES[0]) for name in NAMES),
            NAMES,
        ),
    )


def store(folder, table):
    """The filters of `runs.store`, each of a layer of its own, on faces with those names."""
    given = runs.store(folder / "usual.zarr", runs.faces())
    layers = tuple(Layer(name, 1, 24, 24, "ReLU", 5, 1, -2.0) for name in LAYERS)
    filters = FilterId.of_layers([(name, 1) for name in LAYERS])
    arrays = {
        name: given.data[name].values.copy() for name in ("peak", "peak_row", "peak_col", "face")
    }
    # Each name is among the strongest faces of a filter.
    for place in range(len(NAMES)):
        arrays["peak"][2 * place + 1, (0, 1, 2, 3, 4)[place % 5]] += 10 + place
    contents, answers = contents_of(arrays, filters, table, 64)
    writer = ActivationStore.create(folder / "hostile.zarr", replace(contents, layers=layers))
    for block, images in enumerate(writer.blocks):
        writer.write(block, {name: values[images] for name, values in answers.items()})
    writer.finish()
    return ActivationStore.open(folder / "hostile.zarr")


def figure(name):
    """Of one trace; the link of a point is what a study gives, so that it may be anything."""
    trace = {"type": "scatter", "mode": "markers+text", "x": [name, "b"], "y": [1.0, 2.0]}
    trace |= {"name": name, "text": [name, "b"], "customdata": [name, "index.html"]}
    return {"data": [trace], "layout": {"title": {"text": name}, "height": 300}}


def report(folder):
    """A whole run with everything in it."""
    table = faces()
    made = store(folder, table)
    associations = associate(made, Settings(permutations=199))
    frame = pd.DataFrame(
        {NAMES[0]: NAMES, "=2+2": np.linspace(-1, 1, len(NAMES)), NAMES[4]: NAMES[::-1]}
    )
    sections = [Section(name, (name,)) for name in NAMES]
    sections[0] = Section(NAMES[0], NAMES, frame, figure(NAMES[0]))
    whole = runs.report(
        folder,
        store=made,
        associations=associations,
        title=NAMES[0],
        question=NAMES[2],
        facts=tuple(Fact(name, name, name) for name in NAMES),
        findings=tuple(Finding(name, 0.5, 0.4, 0.6, 12, 0.01) for name in NAMES),
        sections=tuple(sections),
        curves=tuple(Curve(name, (1.0, 0.5), NAMES[0]) for name in NAMES[:3]),
        definition="\n".join(NAMES),
        provenance=Provenance({name: name for name in NAMES}, {"seed": 7}).to_json(),
        answer=NAMES[:3],
        study=NAMES[1],
        controls=(
            ControlRun("untrained", NAMES[0], 7, True, associations),
            ControlRun(NAMES[2], NAMES[1], 7, True, associations, 0.5),
        ),
        controls_missing=(NAMES[0],),
        tables={"kept": frame},
    )
    first = str(made.filters[0])
    visual = runs.visual(
        folder,
        whole,
        placing=pd.DataFrame([runs.placed(filter=first, layer=LAYERS[0])]),
        likeness=runs.likeness().assign(filter=[str(one) for one in made.filters[:3]]),
        refused=NAMES[0],
    )
    return replace(whole, visual=visual)

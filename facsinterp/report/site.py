"""The whole site of one run, made beside its place and put there when it is whole.

    <folder>/index.html  units.html  faces.html  dead.html  experiment.html  data.html  methods.html
             atlas.html and .webp          every drawn unit, where the faces of the run are drawn
             layers/<layer>.html
             filters/<layer>-<channel>.html
             units/au<number>.html
             faces/<name>.html and .webp   faces that stand for some filter; pictures of those
                                           that may be shown
             data/                         tables and figures as scripts
             tables/                       tables to take away
             assets/                       styles and scripts that pages load, Plotly too

Every page opens from disk without a network; a content policy in each forbids to ask one.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from facsinterp.progress import SILENT, Progress
from facsinterp.report.addresses import INDEX
from facsinterp.report.building.identity import key_of, version_of
from facsinterp.report.building.place import building
from facsinterp.report.building.render import POLICY, Frame, asset, navigation
from facsinterp.report.building.tasks import tasks
from facsinterp.report.building.workers import Bench, worked
from facsinterp.report.parts import Report
from facsinterp.report.reading.survey import Survey
from facsinterp.report.words.terms import KEEP


def write_site(
    report: Report, folder: Path, progress: Progress = SILENT, workers: int | None = None
) -> Path:
    """Write the site of `report` to `folder`, whole or not at all; gives its `index.html`.

    Files that are the same in a site that is there already stay untouched, and so does a site
    that is the same altogether; else the new one takes its place in one step. A build that was
    stopped or killed is gone on with when nothing that it depends on has changed. `workers`:
    processes; None for one a core, and none but this one for a small site.

    Raises DataError while another process builds this site and where it cannot be written,
    CrewError when a worker is killed.
    """
    with building(folder, lambda: key_of(report)) as place:
        survey = Survey.of(report)
        version = version_of("facsinterp")
        warning = KEEP if survey.kept_to_oneself else ""
        frame = Frame(report.title, report.identity, version, POLICY, navigation(survey), warning)
        bench = Bench(place, frame)
        every = list(tasks(survey))
        todo = [task for task in every if not place.done(task.name)]
        if len(todo) < len(every):
            progress.say(f"report: {len(every) - len(todo)} of {len(every)} parts are there")
        total = sum(task.pages for task in todo)
        with (
            progress.step("report", total) as advance,
            closing(worked(todo, survey, bench, workers)) as finished,
        ):
            for task in finished:
                advance(task.pages)
        for name in place.assets():
            place.put(asset(name))
        place.finish()
    return folder / INDEX

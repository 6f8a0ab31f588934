"""The works that a run rests on: bibliographic facts as data, and which of them it used.

Keys never change, so that a manuscript can cite them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from facsinterp.report.reading.survey import Survey

_JRSSB: Final = "Journal of the Royal Statistical Society: Series B"
_AOS: Final = "The Annals of Statistics"
_JASA: Final = "Journal of the American Statistical Association"


@dataclass(frozen=True)
class Citation:
    """One work. `authors` as BibTeX writes them, `Surname, Given and Surname, Given`."""

    key: str
    kind: str
    """A BibTeX type: article, inproceedings, book, misc, software."""
    authors: str
    title: str
    year: str
    fields: Mapping[str, str]

    def bibtex(self) -> str:
        """Its BibTeX entry."""
        told = {"author": self.authors, "title": f"{{{self.title}}}", "year": self.year}
        there = {name: text for name, text in (told | dict(self.fields)).items() if text}
        lines = [f"  {name} = {{{_escaped(text)}}}" for name, text in there.items()]
        return "@" + self.kind + "{" + self.key + ",\n" + ",\n".join(lines) + "\n}\n"

    @property
    def names(self) -> str:
        """The authors as a text names them: `R. Breuer and R. Kimmel`."""
        if self.authors.startswith("{"):
            return self.authors.strip("{}")
        made = []
        for author in self.authors.split(" and "):
            surname, _, given = author.partition(", ")
            initials = " ".join(f"{part[0]}." for part in given.split())
            made.append(f"{initials} {surname}".strip())
        return made[0] if len(made) == 1 else f"{', '.join(made[:-1])} and {made[-1]}"

    @property
    def place(self) -> str:
        """Where it came out, in one line."""
        told = self.fields
        where = next((told[n] for n in ("journal", "booktitle", "publisher") if n in told), "")
        volume = told.get("volume", "") + (f"({told['number']})" if "number" in told else "")
        pages = told["pages"].replace("--", "–") if "pages" in told else ""
        number = ", ".join(x for x in (volume, pages) if x)
        arxiv = f"arXiv {told['eprint']}" if "eprint" in told else ""
        return ", ".join(x for x in (f"{where} {number}".strip(), told.get("note", ""), arxiv) if x)

    @property
    def short(self) -> str:
        """As a text cites it: `Breuer & Kimmel 2017`."""
        if self.authors.startswith("{"):
            return self.key
        names = [author.partition(",")[0] for author in self.authors.split(" and ")]
        many = f"{names[0]} et al." if len(names) > 2 else " & ".join(names)
        return f"{many} {self.year}"


def _escaped(text: str) -> str:
    return text.replace("&", r"\&").replace("%", r"\%")


def _article(key: str, authors: str, title: str, year: str, journal: str, *where: str) -> Citation:
    """`where`: volume, number and pages; empty where there is none."""
    at = zip(("volume", "number", "pages"), where, strict=True)
    fields = {"journal": journal} | {name: text for name, text in at if text}
    return Citation(key, "article", authors, title, year, fields)


def _paper(key: str, authors: str, title: str, year: str, booktitle: str, **more: str) -> Citation:
    return Citation(key, "inproceedings", authors, title, year, {"booktitle": booktitle} | more)


def _preprint(key: str, authors: str, title: str, year: str, eprint: str) -> Citation:
    fields = {"eprint": eprint, "archiveprefix": "arXiv"}
    return Citation(key, "misc", authors, title, year, fields)


_ALL: Final = (
    _preprint(
        "breuer2017", "Breuer, Ran and Kimmel, Ron",
        "A Deep Learning Perspective on the Origin of Facial Expressions", "2017", "1705.01842",
    ),
    _paper(
        "khorrami2015", "Khorrami, Pooya and Paine, Tom Le and Huang, Thomas S.",
        "Do Deep Neural Networks Learn Facial Action Units When Doing Expression Recognition?",
        "2015", "IEEE International Conference on Computer Vision Workshops", pages="19--27",
        doi="10.1109/ICCVW.2015.12", eprint="1510.02969", archiveprefix="arXiv",
    ),
    Citation(
        "ekman2002", "book", "Ekman, Paul and Friesen, Wallace V. and Hager, Joseph C.",
        "Facial Action Coding System: The Manual", "2002",
        {"publisher": "A Human Face", "address": "Salt Lake City"},
    ),
    _article(
        "hanley1982", "Hanley, James A. and McNeil, Barbara J.",
        "The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve",
        "1982", "Radiology", "143", "1", "29--36",
    ),
    _article(
        "kullback1951", "Kullback, Solomon and Leibler, Richard A.",
        "On Information and Sufficiency", "1951", "The Annals of Mathematical Statistics", "22",
        "1", "79--86",
    ),
    _paper(
        "mcsherry2008", "McSherry, Frank and Najork, Marc",
        "Computing Information Retrieval Performance Measures Efficiently in the Presence of "
        "Tied Scores", "2008", "Advances in Information Retrieval (ECIR)", pages="414--421",
    ),
    _article(
        "winkler2014", "Winkler, Anderson M. and Ridgway, Gerard R. and Webster, Matthew A. and "
        "Smith, Stephen M. and Nichols, Thomas E.",
        "Permutation Inference for the General Linear Model", "2014", "NeuroImage", "92", "",
        "381--397",
    ),
    _article(
        "phipson2010", "Phipson, Belinda and Smyth, Gordon K.",
        "Permutation P-values Should Never Be Zero: Calculating Exact P-values When Permutations "
        "Are Randomly Drawn", "2010",
        "Statistical Applications in Genetics and Molecular Biology", "9", "1", "Article 39",
    ),
    _article(
        "robinson1982", "Robinson, John",
        "Saddlepoint Approximations for Permutation Tests and Confidence Intervals", "1982",
        _JRSSB, "44", "1", "91--101",
    ),
    _article(
        "hemerik2020", "Hemerik, Jesse and Goeman, Jelle J. and Finos, Livio",
        "Robust Testing in Generalized Linear Models by Sign Flipping Score Contributions",
        "2020", _JRSSB, "82", "3", "841--864",
    ),
    _article(
        "diciccio2017", "DiCiccio, Cyrus J. and Romano, Joseph P.",
        "Robust Permutation Tests for Correlation and Regression Coefficients", "2017", _JASA,
        "112", "519", "1211--1220",
    ),
    _article(
        "benjamini1995", "Benjamini, Yoav and Hochberg, Yosef",
        "Controlling the False Discovery Rate: A Practical and Powerful Approach to Multiple "
        "Testing", "1995", _JRSSB, "57", "1", "289--300",
    ),
    _article(
        "benjamini2001", "Benjamini, Yoav and Yekutieli, Daniel",
        "The Control of the False Discovery Rate in Multiple Testing under Dependency", "2001",
        _AOS, "29", "4", "1165--1188",
    ),
    _article(
        "benjamini2014", "Benjamini, Yoav and Bogomolov, Marina",
        "Selective Inference on Multiple Families of Hypotheses", "2014", _JRSSB, "76", "1",
        "297--318",
    ),
    _article(
        "tarone1990", "Tarone, Robert E.", "A Modified Bonferroni Method for Discrete Data",
        "1990", "Biometrics", "46", "2", "515--522",
    ),
    Citation(
        "westfall1993", "book", "Westfall, Peter H. and Young, S. Stanley",
        "Resampling-Based Multiple Testing: Examples and Methods for p-Value Adjustment", "1993",
        {"publisher": "Wiley"},
    ),
    _article(
        "blanchard2020", "Blanchard, Gilles and Neuvial, Pierre and Roquain, Etienne",
        "Post Hoc Confidence Bounds on False Positives Using Reference Families", "2020", _AOS,
        "48", "3", "1281--1303",
    ),
    _article(
        "hemerik2019", "Hemerik, Jesse and Solari, Aldo and Goeman, Jelle J.",
        "Permutation-based Simultaneous Confidence Bounds for the False Discovery Proportion",
        "2019", "Biometrika", "106", "3", "635--649",
    ),
    _article(
        "efron1979", "Efron, Bradley", "Bootstrap Methods: Another Look at the Jackknife",
        "1979", _AOS, "7", "1", "1--26",
    ),
    _article(
        "efron1987", "Efron, Bradley", "Better Bootstrap Confidence Intervals", "1987", _JASA,
        "82", "397", "171--185",
    ),
    _article(
        "spearman1904", "Spearman, Charles",
        "The Proof and Measurement of Association between Two Things", "1904",
        "The American Journal of Psychology", "15", "1", "72--101",
    ),
    _article(
        "li2005", "Li, J. and Ji, L.",
        "Adjusting Multiple Testing in Multilocus Analyses Using the Eigenvalues of a "
        "Correlation Matrix", "2005", "Heredity", "95", "3", "221--227",
    ),
    _paper(
        "springenberg2015", "Springenberg, Jost Tobias and Dosovitskiy, Alexey and Brox, Thomas "
        "and Riedmiller, Martin", "Striving for Simplicity: The All Convolutional Net", "2015",
        "International Conference on Learning Representations, Workshop Track",
        eprint="1412.6806", archiveprefix="arXiv",
    ),
    _paper(
        "zeiler2014", "Zeiler, Matthew D. and Fergus, Rob",
        "Visualizing and Understanding Convolutional Networks", "2014",
        "European Conference on Computer Vision", pages="818--833", eprint="1311.2901",
        archiveprefix="arXiv",
    ),
    _preprint(
        "simonyan2014", "Simonyan, Karen and Vedaldi, Andrea and Zisserman, Andrew",
        "Deep Inside Convolutional Networks: Visualising Image Classification Models and "
        "Saliency Maps", "2014", "1312.6034",
    ),
    _paper(
        "sundararajan2017", "Sundararajan, Mukund and Taly, Ankur and Yan, Qiqi",
        "Axiomatic Attribution for Deep Networks", "2017",
        "International Conference on Machine Learning", pages="3319--3328",
        eprint="1703.01365", archiveprefix="arXiv",
    ),
    _preprint(
        "kokhlikyan2020", "Kokhlikyan, Narine and Miglani, Vivek and Martin, Miguel and Wang, "
        "Edward and Alsallakh, Bilal and Reynolds, Jonathan and Melnikov, Alexander and "
        "Kliushkina, Natalia and Araya, Carlos and Yan, Siqi and Reblitz-Richardson, Orion",
        "Captum: A Unified and Generic Model Interpretability Library for PyTorch", "2020",
        "2009.07896",
    ),
    _paper(
        "adebayo2018", "Adebayo, Julius and Gilmer, Justin and Muelly, Michael and Goodfellow, "
        "Ian and Hardt, Moritz and Kim, Been", "Sanity Checks for Saliency Maps", "2018",
        "Advances in Neural Information Processing Systems", volume="31", eprint="1810.03292",
        archiveprefix="arXiv",
    ),
    _article(
        "wang2004", "Wang, Zhou and Bovik, Alan C. and Sheikh, Hamid R. and Simoncelli, Eero P.",
        "Image Quality Assessment: From Error Visibility to Structural Similarity", "2004",
        "IEEE Transactions on Image Processing", "13", "4", "600--612",
    ),
    _paper(
        "bau2017", "Bau, David and Zhou, Bolei and Khosla, Aditya and Oliva, Aude and Torralba, "
        "Antonio",
        "Network Dissection: Quantifying Interpretability of Deep Visual Representations",
        "2017", "IEEE Conference on Computer Vision and Pattern Recognition",
        eprint="1704.05796", archiveprefix="arXiv",
    ),
    _article(
        "bates2023", "Bates, Stephen and Candès, Emmanuel and Lei, Lihua and Romano, Yaniv and "
        "Sesia, Matteo", "Testing for Outliers with Conformal p-values", "2023", _AOS, "51",
        "1", "149--178",
    ),
    _paper(
        "morcos2018", "Morcos, Ari S. and Barrett, David G. T. and Rabinowitz, Neil C. and "
        "Botvinick, Matthew",
        "On the Importance of Single Directions for Generalization", "2018",
        "International Conference on Learning Representations", eprint="1803.06959",
        archiveprefix="arXiv",
    ),
    _paper(
        "leavitt2021", "Leavitt, Matthew L. and Morcos, Ari S.",
        "Selectivity Considered Harmful: Evaluating the Causal Impact of Class Selectivity in "
        "DNNs", "2021", "International Conference on Learning Representations",
        eprint="2003.01262", archiveprefix="arXiv",
    ),
    _preprint(
        "alain2016", "Alain, Guillaume and Bengio, Yoshua",
        "Understanding Intermediate Layers Using Linear Classifier Probes", "2016",
        "1610.01644",
    ),
    _article(
        "hodges1963", "Hodges, Joseph L. and Lehmann, Erich L.",
        "Estimates of Location Based on Rank Tests", "1963",
        "The Annals of Mathematical Statistics", "34", "2", "598--611",
    ),
    _article(
        "clopper1934", "Clopper, Charles J. and Pearson, Egon S.",
        "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial",
        "1934", "Biometrika", "26", "4", "404--413",
    ),
    _paper(
        "lucey2010", "Lucey, Patrick and Cohn, Jeffrey F. and Kanade, Takeo and Saragih, Jason "
        "and Ambadar, Zara and Matthews, Iain",
        "The Extended Cohn-Kanade Dataset (CK+): A Complete Dataset for Action Unit and "
        "Emotion-specified Expression", "2010",
        "IEEE Computer Society Conference on Computer Vision and Pattern Recognition Workshops",
        pages="94--101",
    ),
    _paper(
        "kanade2000", "Kanade, Takeo and Cohn, Jeffrey F. and Tian, Yingli",
        "Comprehensive Database for Facial Expression Analysis", "2000",
        "IEEE International Conference on Automatic Face and Gesture Recognition",
        pages="46--53",
    ),
)  # fmt: skip

_OF_STUDY: Final[Mapping[str, tuple[str, ...]]] = {
    "ablation": ("morcos2018", "leavitt2021", "alain2016"),
    "controls": ("hodges1963",),
    "calibration": ("clopper1934",),
    "sanity": ("adebayo2018", "wang2004", "springenberg2015", "zeiler2014", "simonyan2014",
               "sundararajan2017"),
    "switched-faces": ("spearman1904", "hemerik2020", "benjamini1995"),
}  # fmt: skip
_OF_SOURCE: Final[Mapping[str, tuple[str, ...]]] = {"CK+": ("lucey2010", "kanade2000")}


@cache
def citations() -> Mapping[str, Citation]:
    """Every work by its key, facsinterp itself among them."""
    return {one.key: one for one in (*_ALL, _itself())}


def cited(survey: Survey, formulas: Iterable[str]) -> tuple[Citation, ...]:
    """The works that a run rests on, each once, by their keys.

    `formulas`: keys that its formulas name. Beside them the two papers, the manual of FACS,
    the data set where its source says which it is, what the study took up, and facsinterp.
    """
    keys = {"breuer2017", "khorrami2015", "ekman2002", "facsinterp", *formulas}
    keys.update(_OF_STUDY.get(survey.report.study.replace("_", "-"), ()))
    keys.update(_OF_SOURCE.get(survey.faces.terms.source, ()))
    known = citations()
    return tuple(
        sorted((known[key] for key in keys), key=lambda one: (one.authors.strip("{"), one.year))
    )


def bibliography(works: Iterable[Citation]) -> str:
    """A BibTeX file of these works."""
    return "\n".join(_entries(works))


def _entries(works: Iterable[Citation]) -> Iterator[str]:
    yield "% Works that this run rests on, as facsinterp knows them.\n"
    for work in works:
        yield work.bibtex()


def _itself() -> Citation:
    try:
        found = version("facsinterp")
    except PackageNotFoundError:
        found = ""
    note = "Python package" + (f", version {found}" if found else "")
    return Citation(
        "facsinterp", "software", "{The facsinterp developers}",
        "facsinterp: Which Filters of an Expression CNN Answer to Which Facial Action Units", "",
        {"version": found, "note": note},
    )  # fmt: skip

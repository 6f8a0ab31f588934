"""Reading cards of notebooks back, and texts that somebody might have put into a file name."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

HOSTILE = (
    "<script>alert(1)</script>",
    '"onerror="alert(1)',
    "' style='x",
    "../../etc/passwd",
    "a" * 300,
    "\u202eevil\u202c \u05d0\u05d1",
    "😀 face",
    "&lt;b&gt;",
    "</td></table><img src=x>",
    "{0} {}",
)
# Of void elements of a card; all others are closed.
_VOID = {"img"}
_ALLOWED = {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "img"}
_ATTRIBUTES = {"style", "scope", "dir", "alt", "src"}


@dataclass
class Card(HTMLParser):
    """The tags, texts, pictures and alternative texts of one card, checked while read."""

    tags: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert tag in _ALLOWED, tag
        assert {name for name, _ in attrs} <= _ATTRIBUTES, attrs
        told = dict(attrs)
        assert "url(" not in told.get("style", "")
        assert "expression" not in told.get("style", "")
        if tag == "img":
            assert told["src"].startswith("data:image/webp;base64,"), told["src"]
            self.sources.append(told["src"])
            self.alternatives.append(told["alt"])
        self.tags.append(tag)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    def handle_decl(self, decl):
        raise AssertionError(decl)


def read(html):
    """The card, which asks nothing of a network, has no script, and closes what it opens."""
    found = Card()
    found.feed(html)
    found.close()
    assert not found.open
    assert found.tags[0] == "div"
    return found

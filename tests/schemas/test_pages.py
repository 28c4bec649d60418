"""The pages for outsiders say what the schemas say, and their examples are real records."""

import pytest
from outsiders.pages import END, FOLDER, PAGES, START, Page, plain, with_tables

from partita.schemas.codec import AVRO, SCHEMAS, decode, encode
from partita.schemas.converter import Message

EXAMPLES = [example for page in PAGES for example in page.examples]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_as_the_schemas_are(page: Page) -> None:
    """After a change of a schema: python tests/outsiders/pages.py."""
    text = (FOLDER / page.name).read_text()

    assert with_tables(text, page) == text
    assert text.index(START) < text.index(END)


def test_every_page_is_compared() -> None:
    """None is forgotten."""
    assert {page.name for page in PAGES} == {path.name for path in FOLDER.glob("*.md")}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_an_example_is_a_record(example: Message) -> None:
    """It is read back by this build, and by an Avro library with nothing but the schema files."""
    again = decode(encode(example))

    assert type(example) is type(again)
    assert encode(again) == encode(example)
    assert set(plain(example)) == set(example._fields)


def test_what_outsiders_meet_is_on_a_page() -> None:
    """Everything of the messages on public topics, and of commands and private events."""
    told = "\n".join((FOLDER / page.name).read_text() for page in PAGES)
    spaces = ("partita.commands.", "partita.accounts.", "partita.feed.", "partita.market_data.")
    names = [path.stem for path in AVRO.glob("*.avsc") if path.stem.startswith(spaces)]

    assert SCHEMAS.keys() >= {"partita.feed.FeedBatch"}
    assert [] == [name for name in names if f"### {name.removeprefix('partita.')}\n" not in told]

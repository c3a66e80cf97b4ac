"""Rules about what a touch must carry for someone to check it."""

from typing import Final

import polars as pl

from workbench.contracts import Touches
from workbench.quality import words
from workbench.quality.rule import Rule

WEB_LINK: Final = r"(?i)^https?://[^\s/]\S*$"
SHOWN_CHARACTERS: Final = 60

EVIDENCE_RULES: Final = (
    Rule(
        id="touch_without_evidence",
        table=Touches,
        severity="warning",
        title="Touch without evidence",
        meaning="The touch has no link to anything that shows that it happened.",
        why="Definitions that require evidence refuse it, and without it no figure is evidenced.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Add the link to the mail, meeting, registration or deal room.",
        fails=pl.col("evidence_url").is_null(),
        message=words.sentence("{} carries no link to its evidence.", words.touch()),
    ),
    Rule(
        id="touch_evidence_not_a_link",
        table=Touches,
        severity="warning",
        title="Evidence that is not a link",
        meaning="What stands in the evidence field is not an http or https address.",
        why="Nobody can follow it, so the touch passes as evidenced although it is not.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=14,
        suggestion="Replace it by the address of a page that a reviewer can open.",
        applies=pl.col("evidence_url").is_not_null(),
        fails=~pl.col("evidence_url").str.contains(WEB_LINK),
        message=words.sentence(
            "{} gives “{}{}” as evidence, which is not a link that anyone can open.",
            words.touch(),
            pl.col("evidence_url").str.slice(0, SHOWN_CHARACTERS),
            pl.when(pl.col("evidence_url").str.len_chars() > SHOWN_CHARACTERS)
            .then(pl.lit("…"))
            .otherwise(pl.lit("")),
        ),
    ),
    Rule(
        id="touch_without_person",
        table=Touches,
        severity="info",
        title="Touch without a person",
        meaning="The touch does not name who acted on the partner's side.",
        why="There is nobody to ask when the touch is contested.",
        owner="the person in `logged_by`",
        owner_column="logged_by",
        days_to_mend=None,
        suggestion="Name the partner's person on the touch.",
        fails=pl.col("partner_contact").is_null(),
        message=words.sentence("{} does not name the partner's person.", words.touch()),
    ),
)

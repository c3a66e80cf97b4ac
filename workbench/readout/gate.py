"""The trust gate: what the page leaves out until someone could check it."""

from dataclasses import dataclass
from typing import Final

from workbench.definitions import Definition
from workbench.readout import formats
from workbench.readout.headline import Headline

LEAST_EVIDENCE_RATE: Final = 0.9
WHOLE_CREDIT_MODELS: Final = frozenset({"primary", "first", "last"})


@dataclass(frozen=True)
class TrustGate:
    """Whether cost-to-result ratios and fractional credit are shown; `sentence` says why not."""

    is_open: bool
    shows_credit: bool
    sentence: str


def trust_gate(headline: Headline, *, definition: Definition) -> TrustGate:
    """The gate of the period: open when the definition is approved and 90 % of touches have links.

    metrics.md, Trust gate. Credit that goes whole to one partner needs no gate.
    """
    is_fractional = definition.credit.model not in WHOLE_CREDIT_MODELS
    reasons = [] if definition.is_approved else ["the definition is a draft"]
    evidence = headline.row("evidence_rate")
    if evidence.value is None:
        reasons.append(f"the evidence rate is not known ({formats.printable(evidence.reason)})")
    elif evidence.value < LEAST_EVIDENCE_RATE:
        of = (
            f" ({evidence.numerator:,.0f} of {evidence.denominator:,.0f})"
            if evidence.numerator is not None and evidence.denominator is not None
            else ""
        )
        reasons.append(
            f"{formats.rate(evidence.value)} of the {headline.noun}’s touches{of} carry a link to "
            f"evidence, under the {LEAST_EVIDENCE_RATE * 100:.0f}{formats.SPACE}% that a ratio "
            "needs"
        )
    if not reasons:
        return TrustGate(is_open=True, shows_credit=True, sentence="")
    left_out = "cost per sourced opportunity"
    if is_fractional:
        model = definition.credit.model.replace("_", " ")
        left_out += f" and the credit split between partners (model: {model})"
    return TrustGate(
        is_open=False,
        shows_credit=not is_fractional,
        sentence=f"Left out: {left_out}, because {', and '.join(reasons)}.",
    )

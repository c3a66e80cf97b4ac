"""Who is who: record ids in one form, partners under other names, records merged into others."""

from workbench.identity.aliases import (
    identity_difference,
    resolve_aliases,
    resolve_field_aliases,
)
from workbench.identity.ids import is_short_salesforce_id, salesforce_id
from workbench.identity.merges import (
    merges_in_a_circle,
    surviving_accounts,
    surviving_opportunities,
)
from workbench.identity.names import normalised_name, partners_that_are_accounts
from workbench.identity.suggestions import alias_suggestions, write_alias_worklist

__all__ = [
    "alias_suggestions",
    "identity_difference",
    "is_short_salesforce_id",
    "merges_in_a_circle",
    "normalised_name",
    "partners_that_are_accounts",
    "resolve_aliases",
    "resolve_field_aliases",
    "salesforce_id",
    "surviving_accounts",
    "surviving_opportunities",
    "write_alias_worklist",
]

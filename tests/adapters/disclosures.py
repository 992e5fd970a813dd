"""Disclosures of every shape that the schema allows, for what goes out and must come back."""

from typing import Any

from hypothesis import strategies as st

from adapters.contract import Disclosed
from broker.domain.words import Category

HOSTILE = (
    'She said "leave it" | ^ ~ & \\ <b>=1+1</b>\r\nthen nothing.',
    "=HYPERLINK(1)", "'", '""', "\\E\\", "\\.br\\", "\\X0D\\", "]]>", "&amp;", "\x0b\x1c\r",
    "== full ==\nx: y", "MSH|^~\\&|", "  two spaces  ", "\n", "\r", "\t", "true", "0", "2026-11-20",
    "\u2028\u0085\ufeff", "Zoë O’Teßt 王", "null", "{}", "[0]", "-", "~", "\x7f\x9f",
)  # fmt: skip
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60
) | st.sampled_from(HOSTILE)
LEAF = WORDS | st.booleans() | st.integers(-9999, 9999)
NAME = st.from_regex(r"[a-z][a-z_0-9]{0,12}", fullmatch=True)
VALUE = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(NAME, inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)
PART = st.dictionaries(NAME | st.just("words"), VALUE, min_size=1, max_size=4)
IDENTITY: dict[str, Any] = {
    "identity.summary": {
        "known": "identified",
        "subject_kind": "child",
        "given_name": "Mara",
        "family_name": "Fennick-Oyelowo",
        "birth_date": "2017-03-09",
        "sex": "F",
    },
    "identity.full": {
        "identifiers": [
            {"system": "nhs_number", "value": "9990000034", "assurance": "verified"},
            {
                "system": "la_child_id",
                "value": "77",
                "issuer": "org:la:999",
                "assurance": "verified",
            },
        ],
        "address": {"lines": ["14 Tannery Row"], "postcode": "ZZ99 3VZ"},
    },
}
PLAIN: dict[str, Any] = {
    "iss": "org:school:999001",
    "iat": 1795188067,
    "jti": "ahwlvvwrsay7shcd3zaa6p6kw3",
    "thread": "xfezbqunpak6n7vegxyqcklon7",
    "sub": "ps:-OExP1s7tkIgUukMqx45bg",
    "schema_version": "1.0",
    "type": "concern.raised",
    "agency": "schools",
    "level": "significant_harm",
    "level_state": "proposed",
    "urgency": "same_day",
    "family": {"may_be_told": "no"},
    "handling": ["do_not_contact_family"],
    "reference": "8QEF-5J9J",
}
COVER: dict[str, Any] = {
    "disclosure": "d7shcd3zaa6p6kw3ahwlvvwrsa",
    "type": "concern.raised",
    "recipient": {"organisation": "org:la:999", "role": "mash_screener"},
    "level": "significant_harm",
    "extents": {each.value: "full" for each in Category},
    "because": {"narrative": ["matrix-significant-harm"]},
    "duties": ["do_not_contact_family"],
    "policy": "3f" * 32,
    "child_certain": True,
    "consent": None,
    "ring": {"role": "Designated safeguarding lead", "telephone": "01632 960114"},
    "held": [],
    "more_is_held": False,
    "issued": "2026-11-20T15:21:08+00:00",
}


@st.composite
def disclosed(draw: st.DrawFn) -> Disclosed:
    """What a recipient may hold: some parts of some categories, with any words whatever."""
    categories = draw(st.lists(st.sampled_from(list(Category)), max_size=4, unique=True))
    claims: dict[str, Any] = {}
    for category in categories:
        for part in draw(st.sampled_from([("summary",), ("summary", "full"), ("full",)])):
            name = f"{category.value}.{part}"
            claims[name] = IDENTITY.get(name) or draw(PART)
    kind = draw(st.sampled_from(["concern.raised", "concern.retracted"]))
    cover = {**COVER, "type": kind, "ring": draw(PART)}
    return Disclosed(
        disclosure=str(COVER["disclosure"]),
        cover=cover,
        plain={**PLAIN, "type": kind},
        claims=claims,
        token="eyJ0b2tlbiI6MX0.e30.c2ln~WyJzIiwibiIsMV0~",
        signed_cover="eyJjb3ZlciI6MX0.e30.c2ln",
    )

"""Nonsense is refused, never answered by a crash."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connectors.practice.salesforce.site import VERSION, Site, contact, lead, running

QUIETLY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
WORDS = st.sampled_from(
    [
        *(
            "SELECT",
            "FROM",
            "WHERE",
            "AND",
            "OR",
            "NOT",
            "IN",
            "LIKE",
            "ORDER BY",
            "GROUP BY",
            "HAVING",
            "LIMIT",
            "NULLS",
        ),
        *(
            "FIRST",
            "LAST",
            "ASC",
            "DESC",
            "OFFSET",
            "COUNT()",
            "COUNT(Id)",
            "MAX(CreatedDate)",
            "FIELDS(ALL)",
            "ALL ROWS",
        ),
        *("Lead", "Contact", "Id", "Name", "Account.Name", "Owner.Type", "CreatedDate", "IsDeleted", "Fit_Score__c"),
        *(
            "(",
            ")",
            ",",
            "=",
            "!=",
            "<",
            ">=",
            "null",
            "true",
            "5",
            "-1.5",
            "'x'",
            "'%_\\\\'",
            "TODAY",
            "LAST_N_DAYS:3",
        ),
        *("2026-01-01", "2026-01-01T00:00:00Z", "(SELECT Id FROM Contacts)", "(SELECT WhoId FROM Task)", "\x00", "ä"),
    ]
)
QUERIES = st.one_of(
    st.lists(WORDS, max_size=14).map(" ".join),
    st.lists(WORDS, max_size=10).map(lambda words: f"SELECT Id FROM Lead WHERE {' '.join(words)}"),
    st.lists(WORDS, max_size=4).map(lambda words: f"SELECT {' , '.join(words) or 'Id'} FROM Contact LIMIT 5"),
    st.tuples(WORDS, WORDS, WORDS, WORDS).map(
        lambda w: f"SELECT {w[0]} FROM Lead GROUP BY {w[1]} HAVING {w[2]} = {w[3]}"
    ),
    st.text(max_size=40),
)
NAMES = st.sampled_from(
    [
        *(
            "records",
            "attributes",
            "type",
            "id",
            "Id",
            "Lead",
            "LastName",
            "Title",
            "Fit_Score__c",
            "CreatedDate",
            "ids",
        ),
        *(
            "Budget_Confirmed__c",
            "OwnerId",
            "MQL_Date__c",
            "compositeRequest",
            "batchRequests",
            "url",
            "method",
            "body",
        ),
        *("referenceId", "operation", "object", "query", "allOrNone", "fields", "state", "httpHeaders", "richInput"),
        *("columnDelimiter", "externalIdFieldName", "contentType"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    NAMES,
    st.sampled_from([lead("p1"), contact("p2"), "update", f"/services/data/v{VERSION}/limits", "@{a.b}", "GET"]),
)
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
RECORDS = st.dictionaries(NAMES, LEAVES, max_size=4).map(
    lambda r: {**r, "attributes": {"type": "Lead"}, "id": lead("p1")}
)
REQUESTS = st.fixed_dictionaries(
    {"referenceId": NAMES, "method": st.sampled_from(["GET", "POST", "PATCH"])},
    optional={
        "url": st.sampled_from(
            [f"/services/data/v{VERSION}/{path}" for path in ("limits", "sobjects/Lead", "query?q=x", "composite")]
        ),
        "body": BODIES,
        "httpHeaders": BODIES,
    },
)
ADDRESSES = st.sampled_from(
    [
        *(("POST", "/sobjects/Lead"), ("PATCH", f"/sobjects/Lead/{lead('p1')}"), ("POST", "/composite/sobjects")),
        *(("PATCH", "/composite/sobjects"), ("PATCH", "/composite/sobjects/Task/Leadline_Key__c")),
        *(("POST", "/composite/sobjects/Lead"), ("POST", "/composite"), ("POST", "/composite/batch")),
        *(("POST", "/jobs/query"), ("POST", "/jobs/ingest"), ("PATCH", "/sobjects/Task/Leadline_Key__c/k%00")),
    ]
)


@QUIETLY
@given(QUERIES)
def test_any_query_is_answered(library: Site, query: str) -> None:
    """Whatever is asked gets rows or a refusal with a code."""
    answer = library.call("GET", "/query", params={"q": query})
    assert answer.status_code in {200, 400}, query
    assert answer.status_code == 200 or set(answer.json()[0]) == {"message", "errorCode"}


def test_any_body_is_answered() -> None:
    """Whatever is sent gets an answer of Salesforce's own."""
    with running() as site:

        @QUIETLY
        @given(
            ADDRESSES,
            st.one_of(
                BODIES,
                st.lists(RECORDS, max_size=3).map(lambda records: {"records": records}),
                st.lists(REQUESTS, max_size=3).map(lambda requests: {"compositeRequest": requests}),
                st.lists(REQUESTS, max_size=3).map(lambda requests: {"batchRequests": requests}),
            ),
        )
        def answered(address: tuple[str, str], body: Any) -> None:
            answer = site.call(address[0], address[1], json=_finite(body))
            assert answer.status_code < 500, (address, body)

        answered()


def _finite(body: Any) -> Any:
    """Take out the numbers that JSON has no text for."""
    if isinstance(body, dict):
        return {name: _finite(item) for name, item in body.items()}
    if isinstance(body, list):
        return [_finite(item) for item in body]
    return None if isinstance(body, float) and not abs(body) < 1e300 else body

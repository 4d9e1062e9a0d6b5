"""What is asked of each CRM for a book."""

from pretend_crm import BOOK, HUBSPOT_FIELDS, SALESFORCE_FIELDS

from leadline.common.values import FieldDescription, ObjectDescription
from leadline.rules.reading import read_book
from leadline.sync.needs import needs_of, objects_needed, rule_fields


def described(fields, *hidden):
    """Return what a CRM shows."""
    return {
        name: ObjectDescription(
            name, {item: FieldDescription(item, "string") for item in items if item not in hidden}
        )
        for name, items in fields.items()
        if name not in hidden
    }


def book(text=BOOK):
    """Read a rule book."""
    return read_book({"rules.yml": text.encode()})


def by_object(needs):
    """Return the needs by object."""
    return {need.object: need for need in needs.objects}


def test_people_come_first_and_all_that_the_book_reads_is_asked_for():
    """Rule fields, identity, write targets and the links that make deals and accounts theirs."""
    salesforce = needs_of(book(), "salesforce", described(SALESFORCE_FIELDS))
    assert [need.object for need in salesforce.objects] == ["Lead", "Contact", "Account", "Opportunity"]
    needs = by_object(salesforce)
    assert {"Email", "Title", "Status", "IsConverted", "ConvertedContactId", "MQL_Date__c"} <= set(
        needs["Lead"].fields
    )
    assert "LeadSource" not in needs["Lead"].fields
    assert needs["Opportunity"].links == ("contact",)
    assert {"IsClosed", "IsWon", "CloseDate", "Type"} <= set(needs["Opportunity"].fields)
    assert salesforce.warnings == ()
    hubspot = by_object(needs_of(book(), "hubspot", described(HUBSPOT_FIELDS)))
    assert hubspot["contact"].links == ("company",)
    assert "dealtype" in hubspot["deal"].fields


def test_a_book_without_deals_and_accounts_asks_for_people_only():
    """Nothing is pulled that no rule reads."""
    text = BOOK
    for old, new in (
        (", Account.NumberOfEmployees", ""),
        ("company.numberofemployees", "contact.employees"),
        (", enter: {deal: open}", ", enter: {known: title}"),
        (", enter: {deal: won}", ", enter: {known: status}"),
    ):
        assert old in text
        text = text.replace(old, new)
    plain = book(text)
    assert objects_needed(plain, "salesforce") == ("Lead", "Contact")
    assert objects_needed(plain, "hubspot") == ("contact",)
    assert rule_fields(plain, "hubspot", "contact") == ("email", "employees", "jobtitle")


def test_deals_of_the_account_ask_for_the_company_links():
    """`link: [account]` reads deals through companies in both CRMs."""
    text = BOOK.replace("[converted, contact_role, association]", "[account]")
    assert by_object(needs_of(book(text), "hubspot", described(HUBSPOT_FIELDS)))["deal"].links == ("company",)
    assert by_object(needs_of(book(text), "salesforce", described(SALESFORCE_FIELDS)))["Opportunity"].links == ()


def test_hints_narrow_only_where_every_use_is_narrow():
    """A form named by each activity narrows the request; one use without a name widens it again."""
    hints = {need.kind: need.hints for need in needs_of(book(), "hubspot", described(HUBSPOT_FIELDS)).activities}
    assert hints == {"email": {"event": ("click",)}, "form": {"form": ("demo",)}}
    wider = BOOK.replace("  click: ", "  paper: {hubspot: {form: [ebook, demo]}}\n  click: ")
    hints = {need.kind: need.hints for need in needs_of(book(wider), "hubspot", described(HUBSPOT_FIELDS)).activities}
    assert hints["form"] == {"form": ("demo", "ebook")}


def test_what_is_hidden_is_told_and_left_out():
    """A hidden rule field is unreadable, a hidden target is not written, a hidden object is not asked for."""
    shown = described(SALESFORCE_FIELDS, "Title", "Fit_Score__c", "Opportunity", "AccountId", "HubSpot_Contact_Id__c")
    found = needs_of(book(), "salesforce", shown)
    lead = by_object(found)["Lead"]
    assert lead.unreadable == ("Title",)
    assert not {"Title", "Fit_Score__c", "HubSpot_Contact_Id__c"} & set(lead.fields)
    assert found.warnings == (
        "salesforce: Lead.Title is not visible, so what reads it is frozen; grant access to the field",
        "salesforce: Contact.Title is not visible, so what reads it is frozen; grant access to the field",
        "salesforce: Contact.AccountId is not visible; people and deals are joined without it",
        "salesforce: the object Opportunity is not visible; grant read access to it",
        "salesforce: Fit_Score__c is not visible on Lead and Contact, so it is not written there; "
        "create it or grant access",
    )

"""Turn Olist's two published CSV files into the people and activities that ``leadline evaluate`` reads.

Usage: python examples/olist/prepare.py FOLDER_WITH_THE_TWO_CSV_FILES OUTPUT_FOLDER
"""

import csv
import sys
from pathlib import Path

LEADS = "olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_closed_deals_dataset.csv"
FIELDS = {"origin": "origin", "landing page": "landing_page_id"}
"""A field of rules.yml and the column of the data set that holds it."""


def main(source: Path, target: Path) -> None:
    """Write people.csv and activities.csv into ``target``."""
    leads = list(_rows(source / LEADS))
    target.mkdir(parents=True, exist_ok=True)
    with (target / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person_id", *FIELDS])
        for lead in leads:
            writer.writerow([lead["mql_id"], *(lead[column] for column in FIELDS.values())])
    with (target / "activities.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["person_id", "activity", "at"])
        writer.writerows([lead["mql_id"], "first contact", lead["first_contact_date"]] for lead in leads)
        writer.writerows([deal["mql_id"], "won", deal["won_date"]] for deal in _rows(source / DEALS))


def _rows(path: Path) -> csv.DictReader:
    return csv.DictReader(path.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))

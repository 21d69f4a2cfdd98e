"""What the pages of the monthly report say: a part of the catalogue (words.py)."""

from __future__ import annotations

TITLE = "Reports"
LEAD = (
    "One report for each month, for whoever looks after data protection: near misses, people protected, time to "
    "decide, the quality of rules, overrides, exceptions that run out, and the load of reviewers. No patient, address "
    "or subject is named in them."
)
EMPTY = "Reports appear when the first message has been checked."
RUNNING = "Not over yet"
MONTH_TITLE = "Report for {month}"
BACK = "All reports"
DOWNLOAD = "Download the data (CSV)"
DOWNLOAD_ABOUT = "The audit trail records who takes a report along."
PRINT = "To print this page, or to keep it as a PDF, use Print in your browser: it prints the report alone."
FILE = "mailguard-report-{month}.csv"
MAKING_TITLE = "The report for {month} is being put together"
MAKING = "It has read {read} so far. You can leave this page: the report goes on."
MAKING_READ = ("one entry of the audit trail", "{count:,} entries of the audit trail")
MAKING_AGAIN = "Look again"
REFUSED = "This report is about everybody's mail. You can see that of your team alone. Ask {contact} if you need it."
UNKNOWN_TITLE = "There is no report for that month"
UNKNOWN = "Reports begin with the month in which the first message was checked, and end with this one."
CONTENTS = "In this report"
CHART_TABLE = "The same numbers as a table:"
NOTHING_ELSE = "None in this month."
NOTHING = {
    "overrides": "Nobody let a held message go as it was.",
    "exceptions": "None runs out.",
    "reviewers": "No reviewer decided about a message of this month.",
    "rules": "No rule matched.",
    "near-misses": "There were no near misses.",
    "people": "There were no near misses.",
    "holds": "Nothing was held.",
}
NOTES = "About these figures"

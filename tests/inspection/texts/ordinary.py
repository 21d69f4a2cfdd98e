"""Forty-odd texts of ordinary mail, invented: each holds numbers, names or tables, and none lists people."""

from __future__ import annotations

LINES = "\n"


def lines(*each: str) -> str:
    return LINES.join(each)


def table(*rows: str) -> str:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row.split("|")) + "</tr>" for row in rows)
    return f"<html><body><p>Dear all,</p><table border=1>{cells}</table><p>Regards<br>Jo</p></body></html>"


TEXTS: dict[str, str] = {
    "a short answer": "Thanks, see you Monday.\n\nJo",
    "a signature": lines(
        "Fine with me.",
        "",
        "Kind regards",
        "Jo Marsh",
        "Practice manager",
        "Elm Road Surgery, 1 High Street, Newtown NE1 4ST",
        "Tel: 01632 960001 | Mobile: 07700 900123 | jo.marsh@elmroad.example | www.elmroad.example",
        "Registered charity 1122334. VAT GB 123 4567 89.",
    ),
    "signatures of a thread": lines(
        *(
            line
            for number, name in enumerate(("Anna Adler", "Ben Smith", "Mary Jones", "Priya Patel", "Olga Novak"))
            for line in (
                f"On 1{number} March 2026 at 10:0{number}, {name} <{name.split()[0].lower()}@council.example> wrote:",
                "> Fine.",
                f"> {name}",
                f"> Tel 01632 96000{number} | {name.split()[0].lower()}@council.example",
                "> Town Hall, 2 Market Place, Newtown NE1 5AB",
                "",
            )
        )
    ),
    "Outlook's heads of what was forwarded": lines(
        *(
            line
            for number, name in enumerate(("Anna Adler", "Ben Smith", "Mary Jones", "Priya Patel", "Olga Novak") * 3)
            for line in (
                f"From: {name} <{name.split()[0].lower()}{number}@council.example>",
                f"Sent: 1{number % 10} March 2026 10:0{number % 10}",
                f"To: Jo Marsh <jo.marsh@elmroad.example>; Jean Marsh <jean{number}@elmroad.example>",
                "Subject: RE: Thursday",
                "",
                "Fine.",
            )
        )
    ),
    "an order confirmation": lines(
        "Thank you for your order 4010232137 of 12/03/2026.",
        "",
        "Item                     Qty   Price",
        "Toner HP 26A              2    £61.98",
        "Paper A4 80g              5    £19.95",
        "Stapler                   1     £7.49",
        "Envelopes C5              3    £11.97",
        "Folders                  10    £14.50",
        "",
        "Deliver to: Elm Road Surgery, 1 High Street, Newtown NE1 4ST",
        "Track it with 9400111899223197428490.",
    ),
    "a list of orders": lines(
        *(f"Order 40{10_232_137 + 977 * n}, {n + 1} March 2026, £{20 + n}.00, dispatched" for n in range(12))
    ),
    "minutes": lines(
        "Minutes of the meeting of 12 March 2026",
        "Present: Mary Jones (chair), Ben Smith, Priya Patel, Olga Novak, Tomasz Kowalski",
        "Apologies: Grace Chen",
        "1. Minutes of 12 February 2026 agreed.",
        "2. Action: Ben Smith to call the builder on 01632 960123 by 20 March 2026.",
        "3. Action: Priya Patel to send the rota by 1 April 2026.",
        "4. Action: Mary Jones to write to the council by 3 April 2026.",
        "5. Next meeting: 16 April 2026, 10:00, room 4.",
    ),
    "actions in a table": table(
        "No|Action|Owner|Due",
        *(f"{n}|Review policy {n}|{o}|{n + 1}/04/2026" for n, o in enumerate(("MJ", "BS", "PP") * 4)),
    ),
    "statistics": table(
        "Ward|Population|Under 16|Over 65|Change",
        *(f"Ward {n}|{9000 + 37 * n}|{1700 + 11 * n}|{1500 + 13 * n}|{n / 10}%" for n in range(20)),
    ),
    "statistics by month": lines(
        "Month\tReferrals\tSeen\tWaiting",
        *(
            f"{m} 2025\t{400 + 7 * n}\t{380 + 5 * n}\t{120 + n}"
            for n, m in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"])
        ),
    ),
    "a timetable": lines(
        "High Street   07:15 07:45 08:15 08:45",
        "Station       07:21 07:51 08:21 08:51",
        "Hospital      07:30 08:00 08:30 09:00",
        "University    07:38 08:08 08:38 09:08",
        "Town Hall     07:45 08:15 08:45 09:15",
        "Airport       08:05 08:35 09:05 09:35",
    ),
    "a price list": lines(
        "Article;Description;Unit;Price",
        *(f"{5_010_000_000_000 + n * 8713};Gloves size {n};box of 100;{4 + n}.95" for n in range(15)),
    ),
    "a list of offices": lines(
        "Reception        01632 960000   reception@elmroad.example",
        "Accounts         01632 960001   accounts@elmroad.example",
        "Human resources  01632 960002   hr@elmroad.example",
        "IT service desk  01632 960003   servicedesk@elmroad.example",
        "Estates          01632 960004   estates@elmroad.example",
        "Press office     01632 960005   press@elmroad.example",
        "Switchboard      01632 960006   info@elmroad.example",
    ),
    "branches": table(
        "Branch|Address|Postcode|Telephone",
        *(
            f"{t}|{n} High Street, {t}|NE{n} 4ST|01632 9600{n:02}"
            for n, t in enumerate(("Newtown", "Oldham", "Ashford", "Leek", "Ryde", "Bury", "Wells"), 1)
        ),
    ),
    "results of matches": lines(
        "Leeds 2-1 Everton",
        "Arsenal 0-0 Fulham",
        "Smith scored after 12 minutes, Jones after 34.",
        "Table",
        *(
            f"{n}  {t}  28  {20 - n}  4  {n}  {64 - 3 * n}"
            for n, t in enumerate(("Leeds", "Arsenal", "Everton", "Fulham", "Wolves", "Burnley"), 1)
        ),
    ),
    "results of a race": lines(
        "1 Mary Smith Newtown Harriers 38:12",
        "2 Aisha Khan Oldham AC 38:40",
        "3 Olga Novak Leek Striders 39:01",
        "4 Grace Chen Newtown Harriers 39:33",
        "5 Elena Ali Bury AC 40:10",
        "6 Priya Patel Ryde Runners 40:45",
    ),
    "an agenda": lines(
        "10:00 Welcome (Mary Jones)",
        "10:10 Figures for 2025/26 (Ben Smith)",
        "10:30 Building works (Priya Patel)",
        "11:00 Any other business",
        "Room 4, Town Hall. Dial in: 020 7946 0958, code 882913#",
    ),
    "dial-in numbers of a meeting": lines(
        "Join: https://meet.example/j/82913344556?pwd=Q2hhbmdl",
        "Meeting ID: 829 1334 4556",
        "Passcode: 774812",
        "+44 20 7946 0958 United Kingdom",
        "+44 131 496 0958 United Kingdom",
        "+1 202 555 0143 US",
        "+33 1 99 00 12 34 France",
        "+49 30 23125 001 Germany",
        "+353 20 911 0001 Ireland",
    ),
    "a rota": table("Week|Mon|Tue|Wed|Thu|Fri", *(f"{n} March|MJ|BS|PP|MJ|ON" for n in (2, 9, 16, 23, 30))),
    "dates of terms": lines(
        "Autumn term: 3 September 2026 to 18 December 2026",
        "Half term: 26 October 2026 to 30 October 2026",
        "Spring term: 5 January 2027 to 26 March 2027",
        "Half term: 15 February 2027 to 19 February 2027",
        "Summer term: 12 April 2027 to 21 July 2027",
    ),
    "bank details of an invoice": lines(
        "Please pay invoice INV-2026-0412 of £1,240.00 by 30 April 2026 to",
        "Elm Supplies Ltd, sort code 20-00-00, account 12345678",
        "IBAN GB33 BUKB 2020 1555 5555 55",
    ),
    "a remittance advice": lines(
        "Invoice\tDate\tNet\tVAT\tGross",
        *(f"INV-00{412 + n}\t{n + 1}/03/2026\t{100 + n}.00\t20.00\t{120 + n}.00" for n in range(10)),
    ),
    "a log": lines(
        *(
            f"2026-03-12 10:{n:02}:07 INFO worker[{1200 + n}] job 17733{n:05} done in {n}.3s id=9f{n:06x}"
            for n in range(30)
        )
    ),
    "an alert of a monitor": lines(
        "Host db1.elmroad.example is DOWN since 1773309600",
        "Check: 10.0.0.12:5432 timeout after 30 s",
        "Last value 4010232137, threshold 4000000000",
    ),
    "cron": lines(
        "/etc/cron.daily/backup:", *(f"sent {10**9 + 7919 * n} bytes  received {n} bytes" for n in range(12))
    ),
    "code under review": lines(
        "diff --git a/parse.py b/parse.py",
        "@@ -12,7 +12,9 @@ def parse(data):",
        "-    return data[0:10]",
        "+    return data[0:12]  # 12 octets, see issue 4711",
        "Author: Ben Smith <ben@dev.example>",
        "Date:   Thu Mar 12 10:00:00 2026 +0000",
    ),
    "a newsletter": table(
        "Spring at the library|Storytime every Tuesday 10:30",
        "New books|Crime, gardens, history",
        "Opening times|Mon-Fri 9-17",
    ),
    "a travel booking": lines(
        "Booking reference QX7T4Z",
        "Train 1S25, 12 March 2026, London King's Cross 10:00 - Edinburgh 14:21, coach C seat 42",
        "Train 1E18, 14 March 2026, Edinburgh 15:30 - London King's Cross 19:51, coach B seat 11",
        "Total £143.60, card ending 4242",
    ),
    "a parcel": lines(
        "Your parcel JD014600003GB is on its way.",
        "Delivery: Thursday 12 March 2026 between 10:12 and 11:12",
        "Collect from: 14 Station Road, NE1 7AA",
    ),
    "a quotation in prose": (
        "Dear Mary, thank you for yesterday. We can offer 40 chairs at £38, 12 tables at £120, and delivery at £60, "
        "altogether £3,020 before VAT. The offer holds until 30 April 2026. Ring me on 01632 960144 with questions."
    ),
    "one patient": lines(
        "Dear Dr Novak,",
        "thank you for seeing Mrs Mary Smith, born 12 March 1961, NHS number 999 339 5633.",
        "She lives at 14 Station Road, Newtown NE1 7AA, and can be reached on 07700 900456.",
        "Kind regards",
    ),
    "two people of one family": lines(
        "Mary Smith, 12/03/1961, 999 339 5633",
        "John Smith, 02/11/1958, 999 993 9082",
        "Both want the vaccination on Thursday.",
    ),
    "a question with a number": "Could you look up order 4010232137? The customer's phone is 07700 900321.",
    "an invitation to a conference": lines(
        "Speakers: Prof Mary Jones (Leeds), Dr Ben Smith (York), Dr Priya Patel (Hull), Olga Novak (Ryde)",
        "Venue: Old Mill, 3 River Street, Leeds LS1 4AB",
        "Fee: £120 until 1 May 2026, £150 after",
    ),
    "a vacancy": lines(
        "Practice nurse, band 6, £35,392 to £42,618, 30 hours",
        "Closing date 12 April 2026. Apply to jobs@elmroad.example, reference 289-EL-6021",
    ),
    "versions": lines("Package   Installed  Available", *(f"lib{n}      1.{n}.62     1.{n + 1}.0" for n in range(12))),
    "meter readings": lines(
        "Meter;Date;Reading", *(f"21E5{410_000 + n};0{n % 9 + 1}/03/2026;{48_200 + 31 * n}" for n in range(14))
    ),
    "serial numbers": table(
        "Asset|Serial|Room|Bought", *(f"Laptop {n}|5CD{1_036_117 + n * 713}|B{n}|1{n % 9}/05/2024" for n in range(12))
    ),
    "a menu": lines(
        "Monday     Leek soup     Fish pie",
        "Tuesday    Tomato soup   Lasagne",
        "Wednesday  Pea soup      Curry",
        "Thursday   Onion soup    Stew",
        "Friday     Corn soup     Fish and chips",
    ),
    "a rating": lines("Question,Agree,Disagree", *(f"Q{n},{60 + n}%,{40 - n}%" for n in range(12))),
    "products by EAN": table(
        "EAN|Product|Price", *(f"{5_012_345_600_000 + 8_713 * n}|Bandage {n} cm|{n}.20" for n in range(15))
    ),
    "road closures": lines(
        "High Street (NE1 4ST): closed 2 to 6 March 2026",
        "Station Road (NE1 7AA): closed 9 to 13 March 2026",
        "Mill Lane (NE2 1BB): one lane 16 to 20 March 2026",
        "Park Road (NE3 5CD): closed 23 March 2026",
        "Church Street (NE1 2EF): closed 30 March 2026",
        "Bridge Street (NE4 6GH): one lane 1 April 2026",
    ),
    "an annual report": (
        "In 2025 we saw 12,402 people, 4 % more than in 2024; 61 % were women, the median age was 43. "
        "We answered 9,871 calls within 20 seconds and 203 complaints within 25 days. "
    )
    * 12,
}

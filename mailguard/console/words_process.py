"""What people read where the console is a process of its own and the guard does not answer it."""

AWAY_TITLE = "The console cannot reach the guard"
AWAY = "Nothing was shown, changed or decided. Held email stays where it is: nothing of it leaves because of this."
AWAY_NEXT = (
    "Wait a minute and load the page again. If that does not help, tell {contact} that the guard may not be running."
)
BUSY_TITLE = "Too many people are asking at the same time"
BUSY = "Nothing was shown, changed or decided. Wait a few seconds, then go back and try again."
FILES_BUSY_TITLE = "Too many files are being taken along at the same time"
FILES_BUSY = "Nothing was taken along, and nothing was recorded. Wait half a minute, then go back and try again."
LOST_TITLE = "The guard did not answer"
LOST = "If you only opened a page, load it again. If you decided something, it may or may not have been done."
LOST_NEXT = "Before you decide again, look at the message: its page says whether it was decided, and by whom."

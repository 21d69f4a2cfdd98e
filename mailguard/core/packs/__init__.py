"""The incident pack of a message that did get out: who could see whom, which copy went where, what is not known."""

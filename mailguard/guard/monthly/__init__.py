"""The monthly report for whoever looks after data protection: what it is made of, and how it is asked for."""

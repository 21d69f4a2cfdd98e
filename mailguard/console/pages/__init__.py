"""The pages, one file a subject: each shows (GET) or acts (POST), and answers with a value of answers.py."""

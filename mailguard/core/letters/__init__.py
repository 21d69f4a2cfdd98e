"""What notices say, one letter for each kind; `core/notice.py` makes messages of them."""

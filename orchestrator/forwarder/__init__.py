"""From git hosts to the daemon: webhooks in, journalled before the answer, forwarded as hints until acknowledged.

Two processes. What git hosts reach holds no credentials but webhook secrets; the other one has the journal and the
daemon's token. Neither knows actors. `from_settings.py` starts it, `app.py` joins the rest.
"""

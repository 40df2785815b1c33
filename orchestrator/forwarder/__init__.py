"""From git hosts to the daemon: webhooks in, journalled before the answer, forwarded as hints until acknowledged.

Its own process or a thread's event loop; it holds no credentials but webhook secrets, and knows no actors.
`app.py` joins the rest.
"""

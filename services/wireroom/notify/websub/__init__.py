"""Our own WebSub hub (www.w3.org/TR/websub): who subscribed to a public feed gets each new state of it.

`request.py` and `delivery.py` decide, as pure functions; `app.py` takes requests and verifies them, `deliveries.py`
brings content; between the two are the subscriptions in the store (`subscriptions.py`).
"""

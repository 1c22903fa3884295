"""A log in Kafka. `library.py` alone imports kafka-python; `sharing.py` and `topics.py` are pure.

What is where: `log.py` the `Log`, `appends.py` and `reading.py` its two halves, `member.py` its `Consumer`.
"""

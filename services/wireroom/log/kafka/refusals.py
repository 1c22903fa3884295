"""Why no broker could be reached: what of it only a person can mend is Red, and names the setting. Pure."""

import ssl
from collections.abc import Iterator, Sequence
from itertools import chain

from wireroom.errors import Red, RetryAfter, WireroomError

_TRUST = "mend `log.security.ca`, the host names in `log.url`, or the brokers' certificates"
_OURS = "mend `log.security.certificate` and `log.security.key`"
_CLEAR = "set `log.security.tls` to false, or mend the port in `log.url`"
_FITS = "if that stays: does `log.security` (tls, mechanism) fit the port in `log.url`?"


def refusal(doing: str, failures: Sequence[BaseException]) -> WireroomError:
    """What it means that connections failed for these reasons, the newest first; none: nobody was asked."""
    meanings = [_meaning(doing, failure) for failure in failures]
    red = (each for each in meanings if isinstance(each, Red))
    ours = (cause for each in failures for cause in _causes(each) if isinstance(cause, WireroomError))
    return next(chain(red, ours, meanings), RetryAfter(doing))  # ours says more than that a broker fell silent after it


def _meaning(doing: str, failure: BaseException) -> WireroomError:
    for cause in _causes(failure):
        if isinstance(cause, WireroomError):
            return cause
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Red(f"{doing}: we do not trust the broker: {cause.verify_message}", _TRUST)
        if isinstance(cause, ssl.SSLError):
            return _of_tls(doing, cause)
    return RetryAfter(f"{doing}: {failure!r}; {_FITS}")


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """It, what it was made of, and what it was raised for: kafka-python hides the reason in either."""
    cause: BaseException | None = failure
    while cause is not None:
        yield cause
        inside = next((each for each in cause.args if isinstance(each, BaseException)), None)
        cause = inside or cause.__cause__ or cause.__context__


def _of_tls(doing: str, error: ssl.SSLError) -> WireroomError:
    reason = error.reason or ""
    if "CERTIFICATE" in reason or "UNKNOWN_CA" in reason:  # an alert: the broker refuses ours, or wants one
        return Red(f"{doing}: the broker does not take our certificate, or wants one: {reason}", _OURS)
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
        return Red(f"{doing}: what answers does not talk TLS", _CLEAR)
    return RetryAfter(f"{doing}: {error}; {_FITS}")

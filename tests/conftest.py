"""Settings that hold for all tests."""

from hypothesis import HealthCheck, settings

# A slow machine finds no fault: tests assert no time.
settings.register_profile("wireroom", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wireroom")

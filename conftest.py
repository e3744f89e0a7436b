import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

SLOW_IS_FINE = [HealthCheck.too_slow]

# Without a database a test does not depend on what the last run left behind.
settings.register_profile(
    "dev", max_examples=50, deadline=None, database=None, suppress_health_check=SLOW_IS_FINE
)
settings.register_profile("ci", settings.get_profile("dev"), max_examples=50, derandomize=True)
settings.register_profile("thorough", settings.get_profile("dev"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "dev"))

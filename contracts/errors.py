"""Errors, one tree, each named by whose fault it is.

    OptionsAIError
    ├── BadInput          a caller's: an argument of a formula cannot be; names it and the first offending place
    ├── ConfigError       the operator's: a setting is wrong; names file, key and remedy
    ├── ProviderError     a data provider's: it refused, vanished or broke its contract
    ├── RejectedRecord    a record's: it cannot be what it claims to be
    ├── StateError        what an earlier run left behind is unusable; names the remedy
    └── PartError         a part of the system did not start or answer in time

Foreign exceptions stop at the edge that talks to the foreign library and leave it as one of these.
"""


class OptionsAIError(Exception):
    """Base of every error this system raises on purpose."""


class BadInput(OptionsAIError, ValueError):  # noqa: N818 - the input is the subject
    """An argument cannot be what it must be; the message names it, and the first element that is at fault."""


class ConfigError(OptionsAIError):
    """A setting is unknown, of the wrong type or missing."""

    def __init__(self, where: str, key: str, problem: str, remedy: str) -> None:
        self.where, self.key, self.problem, self.remedy = where, key, problem, remedy
        super().__init__(f"{where}: {key}: {problem}. {remedy}")


class ProviderError(OptionsAIError):
    """A data provider refused us, went away or broke its own contract."""


class RejectedRecord(OptionsAIError):  # noqa: N818 - the record is the subject, as in the event of the same name
    """A record that cannot be what it claims to be; `reason` is a stable code, the message explains."""

    def __init__(self, reason: str, explanation: str) -> None:
        self.reason, self.explanation = reason, explanation
        super().__init__(f"{reason}: {explanation}")


class StateError(OptionsAIError):
    """State on disk or in a topic is stale or half-made and cannot be repaired without a decision."""


class PartError(OptionsAIError):
    """A part of the system did not start, or did not answer within its limit."""

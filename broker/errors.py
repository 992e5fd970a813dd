"""
What can go wrong, in three families, because whoever catches has three choices.

    BrokerError
      Rejected               the sender must change something: quarantine it, answer with the reason
        Malformed            does not parse as the format it claims to be
        NotGenuine           the signature, the key or the topic is not the publisher's
        UnknownOrganisation  not in the directory
      TryAgain               nothing is wrong with the input: roll back, wait, do the same again
        OffsetMoved          another worker owns this partition
        StoreUnavailable     PostgreSQL did not answer
        KafkaUnavailable     Kafka did not acknowledge
        PoliciesAwaited      it waits in Kafka until policies can be evaluated again
      Broken                 stop and call a person: an invariant no longer holds
        PoliciesUnusable     nothing can be decided now: content waits, contact does not
          PolicySetInvalid   the policies do not validate against their schema
            Unsupported      a policy says what cannot be compiled, so the whole set is refused
          PolicyNotEvaluated a policy could not be evaluated for this question
          PolicyDisagrees    the compiled policies and Cedar gave two answers
        LedgerTampered       the ledger does not match its checkpoint
        Misconfigured        a setting, key or file that the process cannot do without

A message carries ids and a reason from a fixed list, never content.
"""

from collections.abc import Sequence


class BrokerError(Exception):
    """The root. `reason` is the short word that quarantine, receipts and counters use."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Rejected(BrokerError):
    """The sender must change something."""


class Malformed(Rejected):
    """Does not parse as the format it claims to be."""


class NotGenuine(Rejected):
    """The signature, the key or the topic is not the publisher's."""


class UnknownOrganisation(Rejected):
    """Not in the directory."""


class TryAgain(BrokerError):
    """Nothing is wrong with the input."""


class OffsetMoved(TryAgain):
    """Another worker owns this partition."""


class StoreUnavailable(TryAgain):
    """PostgreSQL did not answer."""


class KafkaUnavailable(TryAgain):
    """Kafka did not acknowledge."""


class PoliciesAwaited(TryAgain):
    """It waits in Kafka until policies can be evaluated again."""


class Broken(BrokerError):
    """An invariant no longer holds: stop and call a person."""


class PoliciesUnusable(Broken):
    """Nothing can be decided now. Content fails closed, contact does not (DOMAIN.md 4.7)."""


class PolicySetInvalid(PoliciesUnusable):
    """The policies do not validate against their schema. `found` is each fault with its place."""

    def __init__(self, reason: str, detail: str = "", found: Sequence[object] = ()) -> None:
        super().__init__(reason, detail)
        self.found = tuple(found)


class Unsupported(PolicySetInvalid):
    """A policy says what cannot be compiled: the whole set is refused, naming the policy."""


class PolicyNotEvaluated(PoliciesUnusable):
    """A policy could not be evaluated for this question."""


class PolicyDisagrees(PoliciesUnusable):
    """The compiled policies and Cedar gave two answers to one question."""


class LedgerTampered(Broken):
    """The ledger does not match its checkpoint."""


class Misconfigured(Broken):
    """A setting, key or file that the process cannot do without."""

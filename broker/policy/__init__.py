"""Step 5: decide. Policies are Cedar text in policies/; Python only asks."""

from broker.policy.bundle import Bundle, read_bundle
from broker.policy.cedar import CedarPolicies
from broker.policy.engine import CompiledPolicies

__all__ = ["Bundle", "CedarPolicies", "CompiledPolicies", "read_bundle"]

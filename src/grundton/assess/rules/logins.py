"""Who may log in at the host."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement
from grundton.assess.rules import rule
from grundton.assess.rules.system_view import SYSTEM, Answers, unread


@rule("logins_planned")
def logins_planned(context: Context) -> list[Judgement]:
    """Every account that can log in belongs to a group of administrators the policy names."""
    if missing := unread(context, "account"):
        return missing
    groups = {str(group) for group in context.policy.lookup("admin.groups")}
    expected = "a member of " + " or ".join(sorted(groups))
    answers = Answers("account")
    for account in context.objects(SYSTEM, "account"):
        if account.text("login") != "yes" or account.text("uid") == "0":
            continue
        own = set(account.texts("groups"))
        answers.say(account.name, "groups", expected, ", ".join(sorted(own)) or "none", bool(own & groups))
    return answers.judgements()

"""Backups: there is one, it is young, elsewhere, encrypted, and somebody has restored it."""

from __future__ import annotations

from grundton.assess.context import Context
from grundton.assess.judgement import Judgement, unchecked
from grundton.assess.rules import rule
from grundton.assess.rules.system_view import SYSTEM, Answers, number, single, unread, weakened
from grundton.model.snapshot import Object

BACKUP, DRILL = "backup", "backup.drill"


def jobs(context: Context) -> list[Object]:
    """Backup jobs that make copies; pure verification jobs are left out."""
    every = context.objects(SYSTEM, BACKUP)
    return [item for item in every if item.text("check") != "yes" or "check" not in item.name] or every


@rule("backup_present")
def backup_present(context: Context) -> list[Judgement]:
    """A backup job is set up and runs by itself."""
    if missing := unread(context, BACKUP):
        return missing
    answers = Answers(BACKUP)
    enabled = [item for item in jobs(context) if item.text("enabled") == "yes"]
    tool = str(context.policy.lookup("backup.repository_kind"))
    for item in enabled:
        known = item.text("tool")
        fits = tool == "any" or known.startswith(tool) or (tool == "other" and known not in ("restic", "borg"))
        expected = "a job that runs by itself" if tool == "any" else f"a job of {tool}"
        answers.say(item.name, "tool", expected, f"{known}, {item.text('schedule', 'no schedule')}", fits)
    if enabled:
        return answers.judgements()
    if why := weakened(context, BACKUP):
        return [unchecked(BACKUP, f"no backup job seen, but: {why}")]
    shown = ", ".join(f"{item.name} is off" for item in jobs(context)) or "no backup job on this host"
    return single(
        BACKUP,
        "enabled",
        "a job that runs by itself",
        shown,
        False,
        "a backup drawn by another host is not visible from here: write a waiver that names it",
    )


@rule("backup_fresh")
def backup_fresh(context: Context) -> list[Judgement]:
    """The newest backup is young enough and its last run did not fail."""
    if missing := unread(context, BACKUP):
        return missing
    limit = int(context.policy.lookup("backup.max_age_hours"))
    answers = Answers(BACKUP)
    for item in jobs(context):
        if item.text("last_result") not in ("", "success"):
            answers.say(item.name, "last_result", "success", item.text("last_result"), False)
            continue
        age, what = number(item, "last_snapshot_age_h"), "newest backup"
        if age is None:
            age, what = number(item, "last_run_age_h"), "last run"
        shown = "unknown" if age is None else f"{what} {age:g} h ago"
        reason = "neither the repository nor the timer tells when it last ran" if age is None else ""
        answers.say(item.name, "age", f"at most {limit} h", shown, None if age is None else age <= limit, reason)
    return answers.judgements()


@rule("backup_property")
def backup_property(context: Context) -> list[Judgement]:
    """Every job has the property the record names (`remote`, `encryption`, `pre_hook`)."""
    if missing := unread(context, BACKUP):
        return missing
    key, expected = str(context.options["key"]), str(context.options["expected"])
    answers = Answers(BACKUP)
    for item in jobs(context):
        value = item.text(key, "unknown")
        ok = None if value == "unknown" else value == "yes"
        reason = "the job's script does not tell" if ok is None else ""
        answers.say(item.name, key, expected, value, ok, reason)
    return answers.judgements()


@rule("backup_verified")
def backup_verified(context: Context) -> list[Judgement]:
    """Some job reads the repository back and checks it."""
    if missing := unread(context, BACKUP):
        return missing
    every = context.objects(SYSTEM, BACKUP)
    if not every:
        return []
    found = [item.name for item in every if item.text("check") == "yes" and item.text("enabled", "yes") == "yes"]
    return single(BACKUP, "check", "a job that checks the repository", ", ".join(found) or "none", bool(found))


@rule("restore_drill")
def restore_drill(context: Context) -> list[Judgement]:
    """A restore was done for real, recently, and worked."""
    if missing := unread(context, DRILL):
        return missing
    limit = int(context.policy.lookup("backup.restore_drill_max_age_days"))
    expected = f"a successful drill in the last {limit} days"
    drills = [(age, item) for item in context.objects(SYSTEM, DRILL) if (age := number(item, "age_d")) is not None]
    if not drills:
        if why := weakened(context, DRILL):
            return [unchecked(DRILL, why)]
        return single(DRILL, "age_d", expected, "no record of a drill", False)
    age, newest = min(drills, key=lambda pair: pair[0])
    result = newest.text("result").lower()
    good = result in ("ok", "success", "passed", "pass")
    shown = f"{age:g} days ago, {result or 'no result'}"
    return single(DRILL, "age_d", expected, shown, good and age <= limit, name=newest.name)

"""One evaluator per kind of control: Context in, judgements out; none means not applicable."""

from __future__ import annotations

from collections.abc import Callable

from grundton.assess.context import Context
from grundton.assess.evaluators.file import evaluate_file
from grundton.assess.evaluators.listener import evaluate_listener
from grundton.assess.evaluators.module import evaluate_module
from grundton.assess.evaluators.python import evaluate_python
from grundton.assess.evaluators.selection import evaluate_forbidden, evaluate_required
from grundton.assess.evaluators.service import evaluate_service
from grundton.assess.evaluators.setting import evaluate_setting
from grundton.assess.evaluators.version import evaluate_version
from grundton.assess.judgement import Judgement

Evaluator = Callable[[Context], list[Judgement]]

EVALUATORS: dict[str, Evaluator] = {
    "setting": evaluate_setting,
    "forbidden": evaluate_forbidden,
    "required": evaluate_required,
    "listener": evaluate_listener,
    "file": evaluate_file,
    "service": evaluate_service,
    "module": evaluate_module,
    "version": evaluate_version,
    "python": evaluate_python,
}

__all__ = ["EVALUATORS", "Evaluator"]

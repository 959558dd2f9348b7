"""A bar in a line of progress, once there is something to count."""

from __future__ import annotations

from rich.console import RenderableType
from rich.progress import ProgressColumn, Task
from rich.progress_bar import ProgressBar
from rich.text import Text

__all__ = ["Counted"]


class Counted(ProgressColumn):
    """Nothing while the total is unknown, where Rich's own bar would pulse."""

    def render(self, task: Task) -> RenderableType:
        if task.total is None:
            return Text()
        return ProgressBar(total=task.total, completed=task.completed, width=12)

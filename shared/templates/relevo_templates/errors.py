"""The one error of rendering."""


class TemplateError(Exception):
    """A template can't be rendered. `file` and `line` (0: unknown) say where, `why` what is wrong.

    `index` is where it stands in the text (-1: unknown).
    """

    def __init__(self, file: str, line: int, why: str, index: int = -1) -> None:
        place = f"{file}:{line}" if line else file
        super().__init__(f"{place}: {why}" if place else why)
        self.file = file
        self.line = line
        self.why = why
        self.index = index

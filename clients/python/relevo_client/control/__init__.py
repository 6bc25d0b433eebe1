"""The control API, typed: a module for each operation, written from the OpenAPI document (`relevo_client[control]`).

from relevo_client.control import connect, done, each
from relevo_client.control.generated.api.shops import list_runs, show_shop

with connect("https://relevo.example.com", "the token") as control:
    shop = done(show_shop.sync_detailed("tea", client=control))
    for run in each(list_runs.sync_detailed, "tea", client=control, active="true"):
        print(run.run_id, run.step)
"""

from relevo_client.control.calls import connect, done, each

__all__ = ["connect", "done", "each"]

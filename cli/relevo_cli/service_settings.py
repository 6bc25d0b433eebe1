"""The settings classes of every service, for the listing and the document."""

from relevo_control.settings import ControlSettings
from relevo_engine.settings import EngineSettings
from relevo_ingest.settings import IngestSettings
from relevo_notifier.settings import NotifierSettings
from relevo_runtime.settings import RuntimeSettings, Setting, describe_settings
from relevo_scheduler.settings import SchedulerSettings

SERVICES: dict[str, type[RuntimeSettings]] = {
    "every service": RuntimeSettings,
    "ingest": IngestSettings,
    "engine": EngineSettings,
    "scheduler": SchedulerSettings,
    "notifier": NotifierSettings,
    "control": ControlSettings,
}


def sections() -> dict[str, list[Setting]]:
    """What all services share first, then what each one adds."""
    shared = {setting.variable for setting in describe_settings([RuntimeSettings])}
    listing = {"every service": describe_settings([RuntimeSettings])}
    for service, cls in SERVICES.items():
        if cls is not RuntimeSettings:
            listing[service] = [setting for setting in describe_settings([cls]) if setting.variable not in shared]
    return listing

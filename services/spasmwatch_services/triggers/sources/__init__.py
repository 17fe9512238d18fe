"""How each smart-home system speaks over MQTT: one module a system, from a message to measurements."""

from spasmwatch.settings.triggers import Sources
from spasmwatch_services.triggers.sources.esphome import Esphome
from spasmwatch_services.triggers.sources.message import Arrival, Sighting, Source
from spasmwatch_services.triggers.sources.shelly import Shelly
from spasmwatch_services.triggers.sources.shelly_gen1 import ShellyGen1
from spasmwatch_services.triggers.sources.statestream import Statestream
from spasmwatch_services.triggers.sources.tasmota import Tasmota
from spasmwatch_services.triggers.sources.zigbee2mqtt import Zigbee2Mqtt

__all__ = ["Arrival", "Sighting", "Source", "sources"]


def sources(settings: Sources) -> list[Source]:
    """Everything that the settings name."""
    bases = {*settings.zigbee2mqtt, *settings.shelly_gen1, *settings.statestream}
    taken = frozenset(base.split("/", 1)[0] for base in bases)
    return [
        *(Zigbee2Mqtt(base) for base in settings.zigbee2mqtt),
        *(Tasmota(pattern) for pattern in settings.tasmota),
        *(Esphome(prefix, taken) for prefix in settings.esphome),
        *(ShellyGen1(base) for base in settings.shelly_gen1),
        *(Shelly(prefix) for prefix in settings.shelly),
        *(Statestream(base) for base in settings.statestream),
    ]

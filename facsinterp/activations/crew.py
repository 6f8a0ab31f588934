"""placeholder until the crew room is merged"""

from typing import Any

Crew = Any

"""The shapes that cross the wire. Requests are validated by them, answers built from them, and
`/api/openapi.json` is made of them, so the three can't differ."""

from devserver.my_app.routes.wire.answers import (
    AcceptedAnswer,
    AwaitingEditAnswer,
    BlockedAnswer,
    BlockedReason,
    ErrorAnswer,
    RunAnswer,
)
from devserver.my_app.routes.wire.exports import (
    PackageDeleted,
    PackageList,
    PackageRequest,
    PackageView,
    PersonalDatumFound,
    ReviewAnswer,
    Selection,
)
from devserver.my_app.routes.wire.media import (
    MediaInfo,
    MediaOutput,
    OutputView,
)
from devserver.my_app.routes.wire.operations import (
    Health,
    Readiness,
)
from devserver.my_app.routes.wire.requests import (
    MAX_OUTPUT_CONFIGS,
    MAX_TEXT_CHARACTERS,
    ContinueRequest,
    Id,
    NewRunRequest,
    RerunRequest,
    Text,
)
from devserver.my_app.routes.wire.runs import (
    ChangeView,
    Deleted,
    Journey,
    JourneyStepView,
    ProgressView,
    RunList,
    RunState,
    RunView,
)
from devserver.my_app.routes.wire.schemas import (
    Localised,
    OutputConfigView,
    SchemaInfo,
    SchemaList,
    SchemaView,
)

__all__ = [
    "MAX_OUTPUT_CONFIGS",
    "MAX_TEXT_CHARACTERS",
    "AcceptedAnswer",
    "AwaitingEditAnswer",
    "BlockedAnswer",
    "BlockedReason",
    "ChangeView",
    "ContinueRequest",
    "Deleted",
    "ErrorAnswer",
    "Health",
    "Id",
    "Journey",
    "JourneyStepView",
    "Localised",
    "MediaInfo",
    "MediaOutput",
    "NewRunRequest",
    "OutputConfigView",
    "OutputView",
    "PackageDeleted",
    "PackageList",
    "PackageRequest",
    "PackageView",
    "PersonalDatumFound",
    "ProgressView",
    "Readiness",
    "RerunRequest",
    "ReviewAnswer",
    "RunAnswer",
    "RunList",
    "RunState",
    "RunView",
    "SchemaInfo",
    "SchemaList",
    "SchemaView",
    "Selection",
    "Text",
]

"""The shapes that cross the wire. Requests are validated by them, answers built from them, and
`/api/openapi.json` is made of them, so the three can't differ."""

from devserver.my_app.routes.wire.access import (
    Login,
    LoginRequest,
    Workshop,
    WorkshopRequest,
)
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
    PackageSelection,
    PackageView,
    PersonalDatumFound,
    ReviewAnswer,
)
from devserver.my_app.routes.wire.keeping import (
    Archived,
    DeletionReceipt,
    ErasureAnswer,
    ErasureRequest,
    RetentionAnswer,
    RetentionRequest,
    RuleReportView,
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
from devserver.my_app.routes.wire.research import (
    Related,
    RelatedView,
    RunFileList,
    RunFileView,
)
from devserver.my_app.routes.wire.runs import (
    ChangeView,
    Deleted,
    Journey,
    JourneyStepView,
    ProgressView,
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
from devserver.my_app.routes.wire.search import (
    FacetValue,
    FaultView,
    IndexView,
    RunList,
    Selection,
    VerificationView,
)
from devserver.my_app.routes.wire.sharing import RunLink

__all__ = [
    "MAX_OUTPUT_CONFIGS",
    "MAX_TEXT_CHARACTERS",
    "AcceptedAnswer",
    "Archived",
    "AwaitingEditAnswer",
    "BlockedAnswer",
    "BlockedReason",
    "ChangeView",
    "ContinueRequest",
    "Deleted",
    "DeletionReceipt",
    "ErasureAnswer",
    "ErasureRequest",
    "ErrorAnswer",
    "FacetValue",
    "FaultView",
    "Health",
    "Id",
    "IndexView",
    "Journey",
    "JourneyStepView",
    "Localised",
    "Login",
    "LoginRequest",
    "MediaInfo",
    "MediaOutput",
    "NewRunRequest",
    "OutputConfigView",
    "OutputView",
    "PackageDeleted",
    "PackageList",
    "PackageRequest",
    "PackageSelection",
    "PackageView",
    "PersonalDatumFound",
    "ProgressView",
    "Readiness",
    "Related",
    "RelatedView",
    "RerunRequest",
    "RetentionAnswer",
    "RetentionRequest",
    "ReviewAnswer",
    "RuleReportView",
    "RunAnswer",
    "RunFileList",
    "RunFileView",
    "RunLink",
    "RunList",
    "RunState",
    "RunView",
    "SchemaInfo",
    "SchemaList",
    "SchemaView",
    "Selection",
    "Text",
    "VerificationView",
    "Workshop",
    "WorkshopRequest",
]

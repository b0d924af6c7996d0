"""Who may what: researchers by token, classes by workshop code, and how much of it in a minute."""

from devserver.my_app.services.access.guesses import Guesses, TooManyGuesses
from devserver.my_app.services.access.limits import Limits, TooManyRequests
from devserver.my_app.services.access.researchers import (
    LoginFailed,
    Researcher,
    ResearcherAccess,
    ResearcherTokenRequired,
)
from devserver.my_app.services.access.sessions import SESSION_SECONDS
from devserver.my_app.services.access.tokens import (
    ENVIRONMENT,
    FIRST,
    ResearcherTokens,
    TokenFileUnreadable,
    TokenNameTaken,
    TokenNotFound,
    TokenNotRevocable,
)
from devserver.my_app.services.access.workshops import (
    WorkshopCodeRequired,
    WorkshopCodes,
    WorkshopCodeWrong,
)

__all__ = [
    "ENVIRONMENT",
    "FIRST",
    "SESSION_SECONDS",
    "Guesses",
    "Limits",
    "LoginFailed",
    "Researcher",
    "ResearcherAccess",
    "ResearcherTokenRequired",
    "ResearcherTokens",
    "TokenFileUnreadable",
    "TokenNameTaken",
    "TokenNotFound",
    "TokenNotRevocable",
    "TooManyGuesses",
    "TooManyRequests",
    "WorkshopCodeRequired",
    "WorkshopCodeWrong",
    "WorkshopCodes",
]

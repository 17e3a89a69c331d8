"""Mutations of people and access."""

from typing import Annotated

import strawberry

from api.access.enums import AccountPermission
from api.access.inputs import CreateApiKeyInput, CreateUserInput, GrantAccountInput, LoginInput, UpdateUserInput
from api.access.types import ApiKey, CreatedApiKey, OpenSession, Session, TwoFactorSetup, User
from api.context import Context, Info
from api.graphql.field_flags import PUBLIC
from api.ids import named
from api.loaders import Loaders
from api.scalars import JSON, raw_json
from domain.access import keys, second_factor, sessions, signed_in, users
from domain.access.preferences import save_preferences
from domain.access.types import SignedIn
from domain.access.users import UserChange

_INPUT = strawberry.argument(name="input")
_ID = strawberry.argument(name="id")


@strawberry.type
class AccessMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(metadata=PUBLIC, description="Sign in with email and password.")
    async def login(self, info: Info, given: Annotated[LoginInput, _INPUT]) -> Session:
        """Begin a session."""
        context = info.context
        return await _session(
            context,
            await sessions.login(
                context.services.access, given.email, given.password, context.client_address, given.code
            ),
        )

    @strawberry.mutation(
        metadata=PUBLIC,
        description="Exchange a refresh token for new tokens. It works once: using it again ends the whole session.",
    )
    async def refresh_session(self, info: Info, refresh_token: str) -> Session:
        """Refresh a session."""
        return await _session(info.context, await sessions.refresh_session(info.context.services.access, refresh_token))

    @strawberry.mutation(description="End this session, with all its tokens. False for an API key, which has none.")
    async def logout(self, info: Info) -> bool:
        """End the session of the request."""
        return await sessions.logout(info.context.services.access, info.context.require_actor())

    @strawberry.mutation(
        description=(
            "End one of your sessions, or as ADMIN any session, with all its tokens; returns the session "
            "before its end."
        )
    )
    async def revoke_session(self, info: Info, session_id: Annotated[strawberry.ID, _ID]) -> OpenSession:
        """End a session from elsewhere."""
        actor, access = info.context.require_actor(), info.context.services.access
        return OpenSession.of(await signed_in.revoke_session(access, actor, named(session_id)))

    @strawberry.mutation(description="End all of your sessions but this one; returns their number.")
    async def revoke_other_sessions(self, info: Info) -> int:
        """Sign out everywhere else."""
        return await signed_in.revoke_other_sessions(info.context.services.access, info.context.require_actor())

    @strawberry.mutation(
        description="Create the secret of an authenticator app for sign-in. `confirmTwoFactor` with a code enables it."
    )
    async def begin_two_factor(self, info: Info) -> TwoFactorSetup:
        """A new secret for an app."""
        setup = await second_factor.begin(info.context.services.access, info.context.require_actor())
        return TwoFactorSetup(secret=setup.secret, uri=setup.uri)

    @strawberry.mutation(
        description=(
            "Enable the second factor with one of its codes: from now on `login` requires a code. Returns "
            "ten recovery codes, shown only once; each replaces one code."
        )
    )
    async def confirm_two_factor(self, info: Info, code: str) -> list[str]:
        """Confirm what was begun."""
        return await second_factor.confirm(info.context.services.access, info.context.require_actor(), code)

    @strawberry.mutation(
        description=(
            "Disable the second factor: with a code or recovery code of your own, or as ADMIN for another "
            "user without one. False if it was not enabled."
        )
    )
    async def disable_two_factor(
        self, info: Info, user_id: strawberry.ID | None = None, code: str | None = None
    ) -> bool:
        """Take the second factor away."""
        access, actor = info.context.services.access, info.context.require_actor()
        return await second_factor.disable(access, actor, None if user_id is None else named(user_id), code)

    @strawberry.mutation(description="Add a person. Needs ADMIN.")
    async def create_user(self, info: Info, given: Annotated[CreateUserInput, _INPUT]) -> User:
        """Add a user who may sign in at once."""
        actor, access = info.context.require_actor(), info.context.services.access
        user = await users.create_user(
            access, actor, email=given.email, name=given.name, password=given.password, role=given.role
        )
        return User.of(user)

    @strawberry.mutation(
        description="Change your own name or password or, as ADMIN, any user. A new password ends all other sessions."
    )
    async def update_user(self, info: Info, given: Annotated[UpdateUserInput, _INPUT]) -> User:
        """Change the given fields."""
        actor, access = info.context.require_actor(), info.context.services.access
        change = UserChange(name=given.name, role=given.role, active=given.active, password=given.password)
        return User.of(await users.update_user(access, actor, named(given.id), change))

    @strawberry.mutation(
        description="Store display preferences: the given keys are replaced, null removes a key. At most 256 kB."
    )
    async def save_preferences(self, info: Info, preferences: JSON) -> JSON:
        """Replace some of the viewer's own preferences, and return all of them."""
        saved = save_preferences(info.context.services.access, info.context.require_actor(), preferences)
        return raw_json(await saved)

    @strawberry.mutation(
        description="Grant a user a permission on an account: TRADE and FUNDS add up, READ removes both and leaves "
        "reading. Needs ADMIN."
    )
    async def grant_account(self, info: Info, given: Annotated[GrantAccountInput, _INPUT]) -> User:
        """Give or change a grant."""
        actor, access = info.context.require_actor(), info.context.services.access
        user = await users.grant_account(access, actor, named(given.user_id), named(given.account_id), given.permission)
        return _with_new_grants(info.context, User.of(user))

    @strawberry.mutation(description="Revoke a user's access to an account: one permission, or all. Needs ADMIN.")
    async def revoke_account(
        self,
        info: Info,
        user_id: strawberry.ID,
        account_id: strawberry.ID,
        permission: AccountPermission | None = None,
    ) -> User:
        """Revoke grants."""
        actor, access = info.context.require_actor(), info.context.services.access
        user = await users.revoke_account(access, actor, named(user_id), named(account_id), permission)
        return _with_new_grants(info.context, User.of(user))

    @strawberry.mutation(description="Create an API key for yourself. `secret` is shown only once.")
    async def create_api_key(self, info: Info, given: Annotated[CreateApiKeyInput, _INPUT]) -> CreatedApiKey:
        """Make a key."""
        actor, access = info.context.require_actor(), info.context.services.access
        key, secret = await keys.create_key(
            access, actor, name=given.name, role=given.role, expires_at=given.expires_at, wish=given.wish()
        )
        return CreatedApiKey(api_key=ApiKey.of(key), secret=secret)

    @strawberry.mutation(description="Revoke an API key at once: one of your own, or as ADMIN any key.")
    async def revoke_api_key(self, info: Info, key_id: Annotated[strawberry.ID, _ID]) -> ApiKey:
        """Revoke a key."""
        actor, access = info.context.require_actor(), info.context.services.access
        return ApiKey.of(await keys.revoke_key(access, actor, named(key_id)))


async def _session(context: Context, begun: SignedIn) -> Session:
    # What is selected below the session is resolved for the person who has just signed in.
    context.actor = await context.services.access.authenticate(begun.access_token)
    return Session.of(begun)


def _with_new_grants(context: Context, user: User) -> User:
    # An earlier mutation of the same operation may have loaded what has just changed.
    context.loaders = Loaders()
    return user
